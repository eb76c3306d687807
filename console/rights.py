"""`crossroads rights`: what an operator, an auditor or anybody asks of the rights engine."""

from __future__ import annotations

import typer

from console import rights_explanation, rights_simulation, rights_upkeep

app = typer.Typer(no_args_is_help=True, help="Rights granted without being asked.")
app.command("explain")(rights_explanation.explain)
app.command("reevaluate")(rights_upkeep.reevaluate)
app.command("reload")(rights_upkeep.reload)
app.command("simulate")(rights_simulation.simulate)
