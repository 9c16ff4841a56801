// SPDX-License-Identifier: GPL-3.0-or-later
// A program of somebody else that uses the installed library; the same text stands in xenlab(3).
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/tar/reader.hpp>

#include <iostream>

int main(int argc, char** argv)
try {
    const auto bytes = xenlab::disksrc::open_bytes(argc > 1 ? argv[1] : "-", {}, false);
    xenlab::tar::Reader archive(*bytes);
    while (const auto entry = archive.next())
        std::cout << entry->size << '\t' << xenlab::text::printable(entry->name) << '\n';
} catch (const xenlab::Error& error) {
    std::cerr << error.what() << '\n';
    return xenlab::exit_code(error.code());
}
