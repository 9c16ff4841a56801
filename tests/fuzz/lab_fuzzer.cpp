// links: lab
// SPDX-License-Identifier: GPL-3.0-or-later
// What lab reads of foreign text: the answer of SR.probe, the config file, globs, storage URLs.
#include "fuzz.hpp"

#include <xenlab/lab/config.hpp>
#include <xenlab/lab/storage.hpp>
#include <xenlab/lab/targets.hpp>

#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace xenlab;

void read_config(std::string_view text)
{
    const int fd = ::memfd_create("config", MFD_CLOEXEC);
    if (fd < 0)
        return;
    if (::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()))
        fuzz::refused([&] {
            const auto config = lab::Config::load("/proc/self/fd/" + std::to_string(fd));
            fuzz::require(config.default_context.empty() ||
                              config.find(config.default_context) != nullptr,
                          "the default context is there");
        });
    ::close(fd);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(fuzz::text(fuzz::bytes(data, size)));
    fuzz::require(lab::parse_probe(text).size() <= 1000, "a probe has a most of items");
    read_config(text);
    const std::size_t half = text.size() / 2;
    const std::string_view pattern = std::string_view(text).substr(0, half);
    const std::string_view rest = std::string_view(text).substr(half);
    if (size < 2000)
        lab::glob_match(pattern, rest);
    fuzz::require(lab::has_glob(rest) || rest.find('\\') != std::string_view::npos ||
                      lab::glob_match(rest, rest),
                  "a plain word matches itself");
    for (const std::string& kind : lab::storage_kinds())
        fuzz::refused([&] { lab::parse_storage(kind, text, true); });
    return 0;
}
