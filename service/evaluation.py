"""What `citewell eval` does: judges, reports, writes, compares with a baseline."""

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import BadInput
from citewell.eval.abstaining import of_answers, of_examples
from citewell.eval.answering import ask_beir
from citewell.eval.beir import read_beir, read_judgements, read_unanswerable, words_of
from citewell.eval.calibrate import calibrate, fitting_half
from citewell.eval.check import problems
from citewell.eval.evaluate import judge_beir, judge_gold, judge_runs
from citewell.eval.gate import Baseline, gate, read_baseline
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.eval.judged import Judged
from citewell.eval.measures import Qrels
from citewell.eval.quotes import evaluate_quotes
from citewell.eval.report import Index, Report, report
from citewell.eval.report_page import Shown, page
from citewell.eval.report_table import calibration_table, gate_table, tables, tuning_table
from citewell.eval.systems import DEFAULT, names_of
from citewell.eval.trec import one_word, read_qrels, read_run, write_qrels, write_run
from citewell.eval.tune import FEWEST, tune
from citewell.eval.unstored import kept_vectors, searcher_of
from citewell.index import tuned
from citewell.index.calibration import in_force, shipped_for, write
from citewell.index.cutting import bounds_for
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.reranking import FIRST, Reranker, Reranking
from citewell.index.writing import add
from citewell.service.progress import bar


class Evaluation:
    """How to judge and where the report goes. `passed` is false once a baseline was missed."""

    def __init__(
        self,
        names: Sequence[str] | None,
        output: Path | None,
        baseline: Path | None,
        as_json: bool,
        reranker: Reranker | None = None,
        rerank: int = FIRST,
    ) -> None:
        there = names_of(reranker is not None)
        self.baseline: Baseline | None = read_baseline(baseline) if baseline else None
        self.names = tuple(dict.fromkeys(names)) if names else (DEFAULT,) if baseline else there
        if unknown := [name for name in self.names if name not in there]:
            raise BadInput(f"No system {unknown[0]!r}; there are {', '.join(there)}.")
        self.output, self.as_json, self.passed = output, as_json, True
        self.reranker, self.rerank = reranker, rerank
        self.began = perf_counter()

    def of_bundled(self, embedder: Embedder) -> None:
        """The bundled gold over the bundled articles, in a library made for it."""
        with tempfile.TemporaryDirectory(prefix="citewell-eval-") as folder:
            library = Library(Path(folder), embedder, create=True, reranker=self.reranker, rerank=self.rerank)
            try:
                add(library, sorted(bundled_articles().glob("*.md")))
                self.of_gold(library, bundled_gold())
            finally:
                library.close()

    def of_gold(self, library: Library, gold: Path) -> None:
        questions = read_gold(gold)
        self._check_ids(question.id for question in questions)
        with bar("asking") as progress:
            judged = judge_gold(library, questions, gold.stem, self.names, progress)
        searcher = library.searcher()
        index = Index(searcher.passages, _size(library.index))

        def shown(passage_id: str) -> Shown:
            article_id, _, span = parse_passage_id(passage_id)
            article = library.store.article(article_id)
            return Shown(article.title, span.of(library.store.text(article.text_sha)))

        self._tell(judged, report(judged, index, abstention=of_answers(judged)), shown)

    def of_beir(self, folder: Path, embedder: Embedder, limit: int | None) -> None:
        beir = read_beir(folder, embedder.count_tokens, limit, bounds_for(embedder))
        self._check_ids(article.article_id for article, _, _ in beir.documents)
        self._check_judged(beir.qrels)
        reranking = Reranking(self.reranker, self.rerank, words_of(beir)) if self.reranker else None
        with kept_vectors() as cache, bar("embedding") as progress:
            searcher = searcher_of(beir.documents, embedder, cache, reranking=reranking, progress=progress)
        with bar("asking") as progress:
            judged = judge_beir(beir, searcher, self.names, progress)
        abstention = {}
        if limit is None and (unanswerable := read_unanswerable(folder)):
            with bar("judging confidence") as progress:
                examples = ask_beir(beir, unanswerable.values(), searcher, progress)
            abstention = of_examples(
                "shipped", examples, shipped_for(searcher.fingerprint, embedder.fingerprint)
            )
        quotes = None
        if beir.answers:
            with bar("quoting") as progress:
                quotes = evaluate_quotes(beir, searcher, progress)
        with tempfile.TemporaryDirectory(prefix="citewell-eval-") as saved:
            index = Index(searcher.passages, _size(searcher.parts[0].segment.save(Path(saved))))
        documents = {article.article_id: Shown(article.title, text) for article, text, _ in beir.documents}
        self._tell(judged, report(judged, index, quotes, abstention), documents.__getitem__)

    def of_runs(self, runs: Sequence[Path], beir: Path | None, limit: int | None, qrels: Path | None) -> None:
        """Runs of any systems, judged by a public set or by a file of judgements."""
        questions: dict[str, str] = {}
        if beir is not None:
            judgements = read_judgements(beir, limit)
            name, questions, judged_by = judgements.name, dict(judgements.questions), judgements.qrels
        else:
            assert qrels is not None
            name, judged_by = qrels.stem, read_qrels(qrels)
        self._check_judged(judged_by)
        judged = judge_runs(name, questions, judged_by, [read_run(run) for run in runs])
        self._tell(judged, report(judged), None)

    def _check_ids(self, names: Iterable[str]) -> None:
        """Raises BadInput for an id that cannot be written, before anything is judged."""
        if self.output is not None:
            for name in names:
                one_word(name)

    def _check_judged(self, qrels: Qrels) -> None:
        for question, documents in qrels.items():
            self._check_ids([question, *documents])

    def _tell(self, judged: Judged, made: Report, shown: Callable[[str], Shown] | None) -> None:
        compared = gate(made, self.baseline) if self.baseline else None
        content = {**asdict(made), "seconds": round(perf_counter() - self.began, 1)}
        if compared is not None:
            content["gate"] = {**asdict(compared), "passed": compared.passed}
            self.passed = compared.passed
        if self.output is not None:
            _write(self.output, judged, made, content, shown)
        if self.as_json:
            print(json.dumps(content, ensure_ascii=False))
        else:
            print(tables(made))
            if compared is not None:
                print(f"\n{gate_table(compared)}")


def check(library: Library, gold: Path, as_json: bool) -> bool:
    """Print what is wrong with a gold set; whether nothing is."""
    questions = read_gold(gold)
    found = problems(questions, library.store)
    if as_json:
        said = {"gold": str(gold), "questions": len(questions), "problems": [asdict(each) for each in found]}
        print(json.dumps(said, ensure_ascii=False))
    else:
        for each in found:
            print(f"{each.place or gold}: {each.what}")
        print(f"{len(questions)} questions, {len(found)} problems")
    return not found


def calibrate_library(library: Library, gold: Path, as_json: bool) -> None:
    """Fit a calibration to a gold set, keep it in the library, and say what it is worth."""
    questions = fitting_half(read_gold(gold))
    with bar("asking") as progress:
        fitted, found = calibrate(library, questions, f"{len(questions)} questions of {gold.name}", progress)
    write(library.store.own, fitted)
    if as_json:
        print(
            json.dumps({"id": fitted.id, **asdict(fitted), "out_of_fold": asdict(found)}, ensure_ascii=False)
        )
    else:
        print(calibration_table(fitted, found))


def tune_library(library: Library, gold: Path, dry_run: bool, as_json: bool, sizes: bool = False) -> None:
    """Choose a configuration on a gold set, keep it in the library if its gain is significant, and say what it gains."""
    questions = fitting_half(read_gold(gold))
    with bar("tuning") as progress:
        found = tune(library, questions, progress, sizes)
    is_written, own = found.is_better and not dry_run, library.store.own
    if is_written:
        tuned.write(own, tuned.Tuned(found.config, f"{found.questions} questions of {gold.name}"))
    serves = in_force(own, library.config.fingerprint, library.embedder.fingerprint)
    if as_json:
        said = {
            "gold": str(gold), "fewest_questions": FEWEST, **asdict(found), "is_better": found.is_better,
            "written": own.place(tuned.FILE) if is_written else None, "calibration": serves.state,
        }  # fmt: skip
        print(json.dumps(said, ensure_ascii=False))
        return
    print(tuning_table(found))
    if found.is_better and dry_run:
        print("nothing is written: --dry-run")
    elif is_written:
        print(f"written to {own.place(tuned.FILE)}, in force from now on; remove it to go back")
        if serves.fitted is None:
            print(
                "answers have no confidence until a calibration is fitted to this configuration: "
                f"citewell eval calibrate {gold} --library {library.folder}"
            )


def _write(
    folder: Path,
    judged: Judged,
    made: Report,
    content: dict[str, object],
    shown: Callable[[str], Shown] | None,
) -> None:
    """report.json, report.html, the judgements and a run of each system; our runs of an earlier report go."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shown is not None and (folder / "report.json").exists():
            for system in names_of(True):
                _run_of(folder, system).unlink(missing_ok=True)
        (folder / "report.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (folder / "report.html").write_text(page(judged, made, shown), "utf-8")
        write_qrels(folder / "qrels.txt", judged.qrels)
        for system, results in judged.results.items():
            write_run(_run_of(folder, system), system, {q: result.ranking for q, result in results.items()})
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}") from None


def _run_of(folder: Path, system: str) -> Path:
    return folder / f"{re.sub('[ /]', '-', system)}.run"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
