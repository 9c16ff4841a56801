#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every #include <xenlab/MODULE/...> is allowed by the table of layers in ARCHITECTURE.md."""
import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_table(text):
    """{module: (level, [modules it names])} from the table whose header is level | module | owns | builds on."""
    table, problems, inside = {}, [], False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if [cell.lower() for cell in cells] == ["level", "module", "owns", "builds on"]:
            inside = True
        elif not line.strip().startswith("|"):
            inside = False
        elif inside and len(cells) == 4 and not set(cells[0]) <= set("-: ") and not cells[1].startswith("tools/"):
            named = re.sub(r"\([^)]*\)", "", cells[3]).replace("`", "")
            names = [name.strip() for name in named.split(",")]
            table[cells[1]] = (int(cells[0]), [name for name in names if name not in ("", "-")])
    if not table:
        problems.append("ARCHITECTURE.md: no table with the columns level, module, owns, builds on")
    for module, (level, named) in table.items():
        for name in named:
            if name not in table:
                problems.append(f"ARCHITECTURE.md: {module} builds on {name}, which is not in the table")
            elif table[name][0] > level:
                problems.append(f"ARCHITECTURE.md: {module} builds on {name}, which is on a higher level")
    return table, problems


def closure(table):
    """{module: every module it may include}; a module that reaches itself over others is a cycle."""
    reach, problems = {}, []
    for module in table:
        seen, waiting = set(), [n for n in table[module][1] if n in table]
        while waiting:
            name = waiting.pop()
            if name == module:
                problems.append(f"ARCHITECTURE.md: {module} builds on itself, in a circle")
            elif name not in seen:
                seen.add(name)
                waiting += [n for n in table[name][1] if n in table]
        reach[module] = seen | {module}
    return reach, problems


def owner_of(name):
    """(module or None, tool or None) of a source file."""
    found = re.match(r"(?:include/xenlab|lib)/([^/]+)/", name)
    if found:
        return found[1], None
    found = re.match(r"tools/([^/]+)/", name)
    return (None, found[1]) if found else (None, None)


def check_file(files, name, reach):
    module, tool = owner_of(name)
    if module is not None and module not in reach:
        return [f"{name}: module {module} is not in the table"]
    problems = []
    for bracket, target in INCLUDE.findall(files.text(name)):
        line = f"{name}: #include {bracket}{target}{'>' if bracket == '<' else bracket}"
        wanted = re.match(r"xenlab/([^/]+)/", target)
        if wanted:
            if wanted[1] not in reach:
                problems.append(f"{line}: there is no module {wanted[1]} in the table")
            elif module is not None and wanted[1] not in reach[module]:
                problems.append(f"{line}: {module} may not build on {wanted[1]}")
            if bracket == '"':
                problems.append(f"{line}: public headers are included with <>")
        elif bracket == '"':
            own = f"lib/{module}/" if module is not None else f"tools/{tool}/"
            if name.startswith("include/"):
                problems.append(f"{line}: a public header includes a private one")
            elif ".." in target.split("/") or own + target not in files.names:
                problems.append(f"{line}: not a private header of {own}")
        elif re.match(r"(lib|tools|tests)/", target) or ".." in target.split("/"):
            problems.append(f"{line}: reaches around the public headers")
    return problems


def check_cmake(files, reach):
    """The USES of each module keep to the table, too."""
    problems = []
    if "lib/CMakeLists.txt" in files.names:
        for module, uses in re.findall(r"xenlab_add_module\((\w+)(?:\s+USES\s+([\w\s]*?))?(?:\s+LINK[^)]*)?\)",
                                       files.text("lib/CMakeLists.txt")):
            for name in uses.split():
                if name not in reach.get(module, ()):
                    problems.append(f"lib/CMakeLists.txt: {module} may not use {name}")
    return problems


def main():
    files = tree.arguments(__doc__).tree
    if "ARCHITECTURE.md" not in files.names:
        tree.finish(["there is no ARCHITECTURE.md"], 0)
    table, problems = read_table(files.text("ARCHITECTURE.md"))
    reach, circles = closure(table)
    problems += circles + check_cmake(files, reach)
    sources = files.matching(r"^(include|lib|tools)/.*\.(cpp|hpp|h|c)$")
    for name in sources:
        problems += check_file(files, name, reach)
    tree.finish(problems, len(sources))


if __name__ == "__main__":
    main()
