#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every long option that README.md or a man page gives to one of our tools is in that tool's --help."""
import pathlib
import re
import subprocess

import tree

OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")


def ask(binary, *words):
    result = subprocess.run([binary, *words], capture_output=True, text=True, timeout=60, check=False)
    return result.stdout if result.returncode == 0 else ""


def options_of(binary):
    verbs = [verb.split() for verb in ask(binary, "--generate", "verbs").splitlines()]
    return set(OPTION.findall("".join(ask(binary, *verb, "--help") for verb in [[], *verbs])))


def commands(line, tools):
    """(tool, [its long options]) for each of our tools that a command line runs."""
    for part in re.split(r"\|\|?|&&?|;|\$\(|[<>]\(|`|\)", line):
        words = [word for word in part.split() if not re.match(r"\w+=", word) and word not in ("$", "sudo", "time", "exec")]
        if words and pathlib.PurePath(words[0]).name in tools:
            text = re.split(r"(?<=\s)--(?=\s)", part)[0]  # what follows -- is not ours
            yield pathlib.PurePath(words[0]).name, OPTION.findall(re.sub(r"'[^']*'|\"[^\"]*\"", "", text))


def markdown_lines(text):
    """(line number, line) of the code in fences and between backquotes."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            yield number, line
        else:
            for code in re.findall(r"`([^`]+)`", line):
                yield number, code


def mdoc_uses(text, own, tools):
    """(line number, tool, option) from an mdoc page: .Fl in the prose is the page's tool; displays are commands."""
    display = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(('.Bd ', '.Dl ')):
            display = line.startswith('.Bd ')
        elif line.startswith('.Ed'):
            display = False
        plain = line.replace("\\-", "-").replace("\\(en", "-")
        if display or line.startswith('.Dl '):
            for tool, options in commands(plain.removeprefix('.Dl '), tools):
                for option in options:
                    yield number, tool, option
        elif own in tools:
            for option in re.findall(r"\bFl -([a-z][a-z0-9-]*)", plain):
                yield number, own, option


def main():
    arguments = tree.arguments(__doc__, bin="folder of the tools", tools="their names, separated by commas")
    names = [name for name in (arguments.tools or "").split(",") if name]
    if not names:
        tree.skip("there are no tools yet")
    tools = {name: options_of(pathlib.Path(arguments.bin) / name) for name in names}
    problems = [f"{name} --help shows no options" for name, options in tools.items() if not options]
    checked = 0
    for name in arguments.tree.matching(r"^[^/]+\.md$|^man/[^/]+\.[1-8](\.in)?$"):
        text = arguments.tree.text(name)
        if name.endswith(".md"):
            uses = [(number, tool, option) for number, line in markdown_lines(text)
                    for tool, options in commands(line, tools) for option in options]
        else:
            uses = list(mdoc_uses(text, pathlib.PurePath(name).name.split(".")[0], tools))
        checked += 1
        problems += [f"{name}:{number}: {tool} has no --{option}" for number, tool, option in uses
                     if option not in tools[tool] | {"help", "version"}]
    tree.finish(problems, checked)


if __name__ == "__main__":
    main()
