"""The look of a report, light and dark."""

_LIGHT = ("#8a8f98", "#d08a2e", "#7a6bb8", "#1f6f8b", "#b0566a", "#5f8a4c", "#a8774a", "#4f5b93")
_DARK = ("#9aa0aa", "#e0a85a", "#a497e0", "#55b4d4", "#dd8598", "#8fbd79", "#cfa078", "#8b98dd")

_FIXED = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #5d6670; --line: #dde1e6; --tint: #f4f6f8;
  --win: #2f7d4f; --loss: #b4443c; --warn: #fff6df; --warn-line: #e2c069; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e9ec; --soft: #9aa4ae; --line: #30363d;
  --tint: #1d2126; --win: #6cc48f; --loss: #e5857d; --warn: #2c2614; --warn-line: #7c6526; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1140px; margin: 0 auto; padding: 24px 20px 80px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 4px; } h3 { font-size: 14px; margin: 0; }
p { margin: 4px 0 10px; } small, .legend { color: var(--soft); font-size: 12.5px; }
.figures { display: flex; flex-wrap: wrap; gap: 8px; }
.figures div { background: var(--tint); border-radius: 8px; padding: 8px 12px; min-width: 84px; }
.figures b { display: block; font-size: 19px; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: 12px; }
.warnings { background: var(--warn); border: 1px solid var(--warn-line); border-radius: 8px; padding: 10px 16px; margin-top: 20px; }
.warnings h2 { margin: 0; font-size: 15px; } .warnings ul { margin: 6px 0 0; padding-left: 18px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
th, td { text-align: right; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
td small { display: block; font-size: 11px; }
.key { display: inline-flex; align-items: center; gap: 6px; margin-right: 10px; color: var(--ink); }
.key i { width: 11px; height: 11px; border-radius: 3px; }
.plot { overflow-x: auto; } svg { display: block; width: 100%; min-width: 620px; height: auto; margin: 6px 0 10px; }
.grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 12px; } .name { fill: var(--ink); font-size: 12.5px; }
.whisker { stroke: var(--ink); opacity: .55; } .line { fill: none; stroke: var(--win); stroke-width: 2; }
.win { fill: var(--win); } .loss { fill: var(--loss); } a:hover rect { opacity: .6; }
.better { color: var(--win); } .worse { color: var(--loss); }
details { border-bottom: 1px solid var(--line); } summary { padding: 6px 0; cursor: pointer; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 46px; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); gap: 20px; padding: 6px 0 14px; }
.pair ol { margin: 0; padding-left: 20px; } .pair li { margin-bottom: 8px; font-size: 13.5px; overflow-wrap: anywhere; }
"""


def _colours(colours: tuple[str, ...]) -> str:
    return "".join(
        f".c{number} {{ fill: {colour}; }} .k{number} {{ background: {colour}; }}\n"
        for number, colour in enumerate(colours)
    )


STYLE = f"{_FIXED}{_colours(_LIGHT)}@media (prefers-color-scheme: dark) {{\n{_colours(_DARK)}}}\n"
