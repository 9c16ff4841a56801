# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of events: milestones of two streams, and where they disagree."""

import json

from recordings import answer_shape, plain


class Stream:
    """Milestones in the order in which they were seen, batch by batch."""

    def __init__(self):
        self.batch = 0
        self.milestones = {}  # text -> batch number of its (nth) appearance
        self.counts = {}
        self.objects = {}  # ref -> (class, name, last seen facts)
        self.names = {}

    @classmethod
    def of_recording(cls, exchanges):
        """From the recorded event.from-star answers."""
        stream = cls()
        for exchange in exchanges:
            if exchange.name.partition("-")[2] != "event.from-star":
                continue
            answer = answer_shape(exchange.response.partition(b"\r\n\r\n")[2])
            stream.add(plain(answer[1])["events"])
        return stream

    @classmethod
    def of_trace(cls, path):
        """From a simulator's --trace: every write is a batch of its own."""
        stream = cls()
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                stream.add([json.loads(line)])
        return stream

    def add(self, events):
        """One batch."""
        self.batch += 1
        for event in events:
            self._one(event)

    def _mark(self, text):
        number = self.counts[text] = self.counts.get(text, 0) + 1
        self.milestones[f"{text} #{number}"] = self.batch

    def _name(self, cls, ref, record):
        if ref in self.names:
            return self.names[ref]
        label = record.get("name_label", "")
        if cls == "vm" and not label.startswith("Control domain"):
            name = f"VM {label}"
        elif cls == "task" and label.startswith("Async.VM."):
            number = self.counts[label] = self.counts.get(label, 0) + 1
            name = f"task {label}/{number}"
        elif cls in ("console", "vbd", "vif") and record.get("VM") in self.names:
            extra = record.get("userdevice") or record.get("protocol") or record.get("device")
            name = f"{cls} {extra} of {self.names[record['VM']]}"
        else:
            return None
        self.names[ref] = name
        return name

    def _one(self, event):
        cls, ref = event["class"], event["ref"]
        record = event.get("snapshot", {})
        name = self._name(cls, ref, record)
        if name is None:
            return
        if event["operation"] == "del":
            self._mark(f"{name} deleted")
            return
        before = self.objects.get(ref, {})
        if not before:
            self._mark(f"{name} appears")
        facts = {}
        if cls == "vm":
            facts["state"] = record["power_state"]
            facts["operation"] = "+".join(sorted(record["current_operations"].values()))
        elif cls == "task":
            facts["status"] = record["status"]
        elif cls in ("vbd", "vif"):
            facts["attached"] = record["currently_attached"]
        defaults = {"operation": "", "attached": False, "status": "pending", "state": "Halted"}
        for key, value in facts.items():
            if before.get(key, defaults[key]) != value:
                self._mark(f"{name} {key} {value}")
        self.objects[ref] = facts or {"seen": True}


def compare_orders(recorded, simulated):
    """What was seen in the recording must be seen, and not in the opposite order."""
    problems = []
    both = []
    for text, batch in recorded.milestones.items():
        if text not in simulated.milestones:
            problems.append(f"never seen: {text}")
        else:
            both.append((text, batch, simulated.milestones[text]))
    both.sort(key=lambda item: item[1])
    worst = {}
    latest = []
    for text, batch, here in both:
        for other, other_batch, other_here in latest:
            if other_batch < batch and other_here > here:
                worst.setdefault(text, f"recorded: {other} < {text}; simulated the other way")
        latest.append((text, batch, here))
    return problems + sorted(worst.values())
