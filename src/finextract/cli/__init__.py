"""The command line, ``finextract COMMAND``.

Each command is a module of this package with a :class:`typer.Typer` named ``app``. The table below is all that is
read before one of them is called for, so that ``finextract gold check`` never imports spaCy, and a command whose
extra is not installed does not get in the way of the others. To add a command: write the module, add a line here.

Exit codes everywhere: 0 done, 1 findings or failure, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

# command -> what it does; the module is finextract.cli.COMMAND
COMMANDS = {
    "extract": "Find and read money, percentages, companies and quarters in texts and files.",
    "explain": "Show why a span was found, by which rule, or why it was not.",
    "gold": "Check, repair, format, compare and convert gold annotations.",
    "train": "Train a pipeline on gold files.",
    "evaluate": "Score pipelines against gold files.",
    "annotate": "Serve the annotators' page on this machine.",
}


def _module(command: str) -> str:
    return f"{__name__}.{command.replace('-', '_')}"


def build() -> typer.Typer:
    """The top application; its commands are imported when they are called."""
    import typer
    from typer.core import TyperCommand, TyperGroup

    class LazyGroup(TyperGroup):
        _listing = False

        def list_commands(self, ctx: Any) -> list[str]:
            return [c for c in COMMANDS if importlib.util.find_spec(_module(c)) is not None]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in self.list_commands(ctx):
                return None
            if self._listing:
                return TyperCommand(cmd_name, help=COMMANDS[cmd_name])
            try:
                module = importlib.import_module(_module(cmd_name))
            except ModuleNotFoundError as error:
                typer.echo(f"finextract {cmd_name}: the module {error.name!r} is not installed", err=True)
                raise SystemExit(1) from None
            command = typer.main.get_command(module.app)
            command.name = cmd_name
            return command

        def format_help(self, ctx: Any, formatter: Any) -> None:
            self._listing = True
            try:
                super().format_help(ctx, formatter)
            finally:
                self._listing = False

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args and args[0] not in self.list_commands(ctx):
                import difflib

                meant = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
                hint = f"; {meant[0]!r} was probably meant" if meant else ""
                ctx.fail(f"there is no command {args[0]!r}{hint}")
            return super().resolve_command(ctx, args)

    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def show_version(wanted: bool) -> None:
        if wanted:
            from importlib.metadata import version

            typer.echo(f"finextract {version('finextract')}")
            raise typer.Exit()

    @app.callback(
        help="Money, percentages, companies and quarters in Japanese, German, Korean and Chinese financial news."
    )
    def top(
        version: bool = typer.Option(
            False, "--version", callback=show_version, is_eager=True, help="Show the version."
        ),
    ) -> None:
        pass

    return app


def main() -> None:
    """Entry point of the console script."""
    try:
        build()(prog_name="finextract")
    except OSError as error:  # a file that cannot be read or written is no defect of the program
        import sys

        print(f"finextract: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(1) from None
