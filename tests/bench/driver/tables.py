# SPDX-License-Identifier: 0BSD
"""The tables: peers.toml, scenarios.toml and targets.toml."""
import dataclasses
import pathlib
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Peer:
    name: str
    what: str
    groups: list
    command: str = ""
    arguments: dict = dataclasses.field(default_factory=dict)
    packages: list = dataclasses.field(default_factory=list)
    native: bool = True
    constants: dict = dataclasses.field(default_factory=dict)

    def program(self, size=8):
        name = self.command or f"bench_{self.name}"
        return name if size == 8 else f"{name}-{size}"


@dataclasses.dataclass
class Scenario:
    name: str
    title: str
    kind: str
    quick: dict
    figure: str
    peers: list
    arguments: dict = dataclasses.field(default_factory=dict)
    size: int = 8
    pinned: bool = False
    hog: bool = False
    chart: bool = False
    also: str = ""


@dataclasses.dataclass
class Target:
    """At most `most` times the figure of `than`, or `most` itself."""
    most: float
    scenario: str = ""
    counted: str = ""
    ours: str = "ump"
    figure: str = ""
    than: str = ""
    there: str = ""
    unit: str = ""


class Tables:
    def __init__(self, folder=FOLDER):
        def read(name):
            return tomllib.loads((folder / name).read_text())

        self.peers = {name: Peer(name, **fields) for name, fields in read("peers.toml").items()}
        self.scenarios = {name: Scenario(name, **fields)
                          for name, fields in read("scenarios.toml").items()}
        self.targets = [Target(**fields) for fields in read("targets.toml")["target"]]

    def group(self, name):
        return [peer for peer in self.peers.values() if name in peer.groups]

    def takers(self, scenario):
        """The peers of a scenario, in the order of the table of peers."""
        return [peer for peer in self.peers.values()
                if peer.name in scenario.peers or set(peer.groups) & set(scenario.peers)]

    def faults(self):
        """References of the tables to names that they do not define."""
        known = set(self.peers) | {group for peer in self.peers.values() for group in peer.groups}
        for scenario in self.scenarios.values():
            for name in scenario.peers:
                if name not in known:
                    yield f"scenario {scenario.name}: there is no peer {name}"
        for target in self.targets:
            if target.counted:
                continue
            for name in filter(None, (target.scenario, target.there)):
                if name not in self.scenarios:
                    yield f"a target: there is no scenario {name}"
            for name in filter(None, (target.ours, target.than.removeprefix("best "))):
                if name not in known:
                    yield f"a target of {target.scenario}: there is no peer {name}"
