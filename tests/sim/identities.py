# SPDX-License-Identifier: GPL-3.0-or-later
"""Which simulated object a recorded reference or uuid stands for."""

from recordings import IDENTITY, answer_shape, call_params, plain
from simtest import Fault

NULL = "OpaqueRef:NULL"
CLASS_NAMES = {
    name.lower(): name for name in
    "VM VBD VDI VIF SR PBD PIF SM VM_metrics VM_guest_metrics Certificate".split()
}


def learn_records(exchanges):
    """recorded reference -> (class, record) of everything any answer tells."""
    known, mentioned = {}, {}

    def note(ref, cls, record):
        known.setdefault(ref, (cls, record))
        for field, other in REFERENCES.items():
            if isinstance(record.get(field), str) and record[field].startswith("OpaqueRef:"):
                mentioned.setdefault(record[field], (other, {}))

    for exchange in exchanges:
        answer = answer_shape(exchange.response.partition(b"\r\n\r\n")[2])
        if exchange.method is None or answer is None or answer[0] != "Success":
            continue
        cls, _, word = exchange.method.partition(".")
        params = [plain(p) for p in call_params(exchange.body)]
        if cls in ("pool", "host") and len(params) > 1 and isinstance(params[1], str):
            mentioned.setdefault(params[1], (cls, {}))
        if word == "get_record":
            note(plain(call_params(exchange.body)[1]), cls, plain(answer[1]))
        elif word in ("get_all_records", "get_all_records_where"):
            for ref, record in plain(answer[1]).items():
                note(ref, cls, record)
        elif exchange.method in ("event.from", "event.next"):
            value = plain(answer[1])
            for event in value["events"] if isinstance(value, dict) else value:
                if "snapshot" in event:
                    name = CLASS_NAMES.get(event["class"], event["class"])
                    note(event["ref"], name, event["snapshot"])
    return {**mentioned, **known, NULL: ("none", {})}


#: Fields that tell the class of a reference nobody asked the record of.
REFERENCES = {"resident_on": "host", "host": "host", "this_host": "host", "master": "host",
              "SR": "SR", "network": "network"}


class Identities:
    """The growing map from recorded to simulated identities."""

    def __init__(self, simulator, known):
        self.sim, self.admin = simulator, simulator.login()
        self.known = known  # recorded reference -> (class, record as Python values)
        self.map = {NULL: NULL}

    def resolve(self, ref):
        """Find the simulated twin of an object that was there before."""
        if ref in self.map:
            return self.map[ref]
        if ref not in self.known:
            return None
        cls, record = self.known[ref]
        self.map[ref] = None  # against loops
        try:
            candidates = self.sim.call(f"{cls}.get_all_records", self.admin)
        except Fault:
            del self.map[ref]
            return None
        taken = set(self.map.values())
        best = None
        for twin, other in candidates.items():
            if twin not in taken and self._same(cls, record, other):
                best = twin
                break
        if best is None and cls in ("SR", "network"):
            # a storage or network of the lab that the simulated pool does not have twice
            best = next(iter(candidates), None)
        if best is None:
            del self.map[ref]
            return None
        self.learn(ref, best)
        if "uuid" in record:
            self.learn(record["uuid"], candidates[best]["uuid"])
        return best

    def _same(self, cls, record, other):
        if cls in ("host", "pool") or not record:
            return True
        keys = {"console": ("protocol",), "VBD": ("userdevice",), "VIF": ("device",),
                "SR": ("name_label",), "network": ("name_label",), "VM": ("name_label",),
                "VDI": ("name_label", "virtual_size"), "task": ("name_label",),
                "PBD": ()}.get(cls)
        if keys is None or any(record[k] != other[k] for k in keys):
            return False
        for link in ("VM", "SR", "host"):
            if link in record and cls in ("console", "VBD", "VIF", "PBD"):
                if self.resolve(record[link]) != other[link]:
                    return False
        return True

    def learn(self, recorded, simulated):
        """Map a recorded identity."""
        if self.map.get(recorded) is None:
            self.map[recorded] = simulated

    def learn_uuids(self, recorded, simulated):
        """uuids that only an error text names (references are never learned from errors)."""
        old, new = IDENTITY.findall(recorded), IDENTITY.findall(simulated)
        if len(old) == len(new):
            for a, b in zip(old, new):
                if not a.startswith("OpaqueRef:") and not b.startswith("OpaqueRef:"):
                    self.learn(a, b)

    def translate(self, text):
        """Recorded text with simulated identities."""
        def swap(match):
            twin = self.resolve(match[0])
            return twin if twin is not None else match[0]
        return IDENTITY.sub(swap, text)

    # -- learning from answers ------------------------------------------------------
    def align(self, recorded, simulated):
        """Learn identities where both answers have them in the same place."""
        kind = recorded[0]
        if kind != simulated[0]:
            return
        if kind == "text":
            old, new = IDENTITY.findall(recorded[1]), IDENTITY.findall(simulated[1])
            same_rest = IDENTITY.sub("@", recorded[1]) == IDENTITY.sub("@", simulated[1])
            if len(old) == len(new) and same_rest:
                for a, b in zip(old, new):
                    self.learn(a, b)
        elif kind == "array":
            old = [v for v in recorded[1] if self.map.get(v[1] if v[0] == "text" else "") is None]
            mapped = {self.map.get(v[1]) for v in recorded[1] if v[0] == "text"}
            new = [v for v in simulated[1] if v[0] != "text" or v[1] not in mapped]
            if len(old) == 1 and len(new) == 1:
                self.align(old[0], new[0])
        elif kind == "struct":
            for name in recorded[1].keys() & simulated[1].keys():
                self.align(recorded[1][name], simulated[1][name])
