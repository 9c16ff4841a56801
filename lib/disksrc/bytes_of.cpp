// SPDX-License-Identifier: GPL-3.0-or-later
#include "bytes_of.hpp"

#include "pool_source.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/io/prefetch.hpp>
#include <xenlab/nbd/uri.hpp>
#include <xenlab/transport/http_source.hpp>

#include <algorithm>

namespace xenlab::disksrc {

bool is_url(const std::string& name)
{
    return name.starts_with("http://") || name.starts_with("https://") || nbd::is_uri(name);
}

namespace {

/// Words of the DISKSRC grammar that are no bytes.
void refuse_unsupported(const std::string& name)
{
    if (is_pool_source(name))
        throw Error(
            Errc::usage, "a disk of a pool is not a stream of bytes",
            fmt::format("xvm export makes an archive of a VM; write ./{} if you mean a file "
                        "of that name",
                        name));
    if (nbd::is_uri(name))
        throw Error(Errc::usage, "an NBD export is a disk, not a stream of bytes");
}

std::unique_ptr<io::ByteSource> open_raw_bytes(const std::string& name, const OpenOptions& options)
{
    refuse_unsupported(name);
    if (!is_url(name))
        return io::open_source(name, options.stop);
    transport::HttpOptions http;
    if (options.timeout.count() > 0) {
        http.silence_timeout = options.timeout;
        http.connect_timeout = std::min(http.connect_timeout, options.timeout);
    }
    return transport::open_http(name, http, options.stop);
}

} // namespace

Opened open_peek(const std::string& name, const OpenOptions& options)
{
    Opened opened;
    opened.bytes = std::make_unique<io::PeekSource>(open_raw_bytes(name, options));
    opened.compression = io::detect_compression(opened.bytes->peek(4));
    return opened;
}

std::unique_ptr<io::ByteSource> open_bytes(const std::string& name, const OpenOptions& options,
                                           bool threaded)
{
    return named(name, [&]() -> std::unique_ptr<io::ByteSource> {
        Opened opened = open_peek(name, options);
        if (opened.compression == io::Compression::none)
            return std::move(opened.bytes);
        auto plain = io::decompress(std::move(opened.bytes), opened.compression,
                                    {.window = options.window_limit});
        return threaded ? io::prefetch(std::move(plain)) : std::move(plain);
    });
}

} // namespace xenlab::disksrc
