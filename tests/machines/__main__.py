"""`python -m tests.machines`: build the site, let patients in, let everything go wrong, and tell what became of it."""

import random
import secrets
import signal
import sys
import time
from dataclasses import dataclass

import click

from tests.machines.balancer import PORT, trust_balancer
from tests.machines.checker import Verdict, check_drafts, check_export
from tests.machines.faults import FAULTS, Outcome, suffer
from tests.machines.ledger import Ledger
from tests.machines.people import Crowd, let_in
from tests.machines.programs import MachinesError
from tests.machines.site import BALANCER, PATIENTS_MACHINES, PEOPLE, Site, build_site


@dataclass(frozen=True, slots=True)
class Size:
    """How many patients are there at once, how often each fault strikes, and for how many seconds each lasts."""

    patients: int
    rounds: int
    lasting: tuple[float, float]
    calm: float


SHORT = Size(patients=8, rounds=1, lasting=(1.0, 2.0), calm=0.5)
LONG = Size(patients=24, rounds=4, lasting=(2.0, 8.0), calm=3.0)


@click.command()
@click.option("--short", is_flag=True, help="Each fault once, and fewer patients.")
@click.option("--seed", default="", help="Repeat the choices of an earlier run.")
@click.option("--fault", "only", multiple=True, type=click.Choice([*FAULTS]), help="Only this; may be repeated.")
@click.option("--loopback", is_flag=True, help="Use loopback addresses also where namespaces are allowed.")
def main(*, short: bool, seed: str, only: tuple[str, ...], loopback: bool) -> None:
    """Let patients fill in forms on several machines while one thing after another fails.

    The exit code is 0 when nothing that was acknowledged is missing, doubled or mixed up, and 1 when it is.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    size, seed = SHORT if short else LONG, seed or secrets.token_hex(4)
    begun = time.monotonic()
    try:
        with build_site(is_loopback=loopback) as site:
            click.echo(
                f"Seed {seed}. The machines stand in {site.places.kind}; ready after {time.monotonic() - begun:.0f} s."
            )
            ledger, outcomes = _live(site, size, seed, only or tuple(FAULTS))
            verdict = _judge(site, ledger)
    except MachinesError as error:
        click.echo(f"{error}\nTo repeat: python -m tests.machines {'--short ' if short else ''}--seed {seed}", err=True)
        sys.exit(1)
    _report(ledger, outcomes, verdict)
    click.echo(f"{time.monotonic() - begun:.0f} s in all.")
    sys.exit(0 if verdict.is_clean and not ledger.wrong else 1)


def _live(site: Site, size: Size, seed: str, names: tuple[str, ...]) -> tuple[Ledger, list[Outcome]]:
    chance = random.Random(seed)  # noqa: S311  a seed that is printed is the point
    crowd = Crowd((site.places.locate(BALANCER), PORT), trust_balancer(site.folder, BALANCER), seed)
    outcomes = []
    with let_in(crowd, site.places, PEOPLE, size.patients):
        for _ in range(size.rounds):
            for name in chance.sample(sorted(names), len(names)):
                time.sleep(size.calm)
                outcomes.append(suffer(site, crowd.ledger, name, chance, size.lasting))
                click.echo(_tell(outcomes[-1]))
        time.sleep(size.calm)
    return crowd.ledger, outcomes


def _judge(site: Site, ledger: Ledger) -> Verdict:
    verdict = Verdict()
    check_drafts(verdict, ledger.entries, {name: site.open_line(name) for name in PATIENTS_MACHINES})
    out = site.folder / "export.jsonl"
    site.export(out)
    check_export(verdict, ledger.entries, out)
    return verdict


def _tell(outcome: Outcome) -> str:
    return (
        f"{outcome.name:16} {outcome.how:48} lasted {outcome.lasted:5.1f} s, "
        f"nobody got on for {outcome.without_service:5.1f} s at most"
    )


def _report(ledger: Ledger, outcomes: list[Outcome], verdict: Verdict) -> None:
    pages = sum(len(entry.pages) for entry in ledger.entries)
    click.echo(
        f"{len(ledger.entries)} patients, {ledger.requests} requests, {pages} acknowledged pages, "
        f"{len(ledger.sent)} acknowledged responses, {len(outcomes)} faults, {ledger.reconnected} connections reopened."
    )
    click.echo(f"From one page to the next nobody needed more than {ledger.longest_step:.1f} s, retries included.")
    for what, count in sorted(ledger.shown.items()):
        click.echo(f"  shown instead of a page: {count} x {what}")
    click.echo(
        f"Checked from outside: {verdict.pages} pages on two machines, {verdict.responses} responses of the clinic."
    )
    click.echo(f"missing {len(verdict.missing)}, doubled {len(verdict.doubled)}, mixed up {len(verdict.mixed_up)}")
    for sentence in [*verdict.missing, *verdict.doubled, *verdict.mixed_up, *ledger.wrong][:40]:
        click.echo(f"  {sentence}", err=True)
    click.echo(f"shown wrongly {len(ledger.wrong)}")


if __name__ == "__main__":
    main()
