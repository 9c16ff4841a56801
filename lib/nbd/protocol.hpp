// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of the NBD protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md,
// section "Values". Everything on the wire is big-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xenlab::nbd::proto {

// "Newstyle negotiation"
inline constexpr std::uint64_t init_magic = 0x4e42444d41474943;   ///< "NBDMAGIC"
inline constexpr std::uint64_t option_magic = 0x49484156454f5054; ///< "IHAVEOPT"
inline constexpr std::uint64_t oldstyle_magic = 0x00420281861253;
inline constexpr std::uint64_t option_reply_magic = 0x0003e889045565a9;

inline constexpr std::uint16_t fixed_newstyle =
    1 << 0; ///< handshake flag and, at the client, its echo
inline constexpr std::uint16_t no_zeroes = 1 << 1;

enum class Opt : std::uint32_t {
    export_name = 1,
    abort = 2,
    list = 3,
    starttls = 5,
    info = 6,
    go = 7,
    structured_reply = 8,
    list_meta_context = 9,
    set_meta_context = 10,
};

enum class Rep : std::uint32_t {
    ack = 1,
    server = 2,
    info = 3,
    meta_context = 4,
    err_unsup = (1U << 31) + 1,
    err_policy = (1U << 31) + 2,
    err_invalid = (1U << 31) + 3,
    err_platform = (1U << 31) + 4,
    err_tls_reqd = (1U << 31) + 5,
    err_unknown = (1U << 31) + 6,
    err_shutdown = (1U << 31) + 7,
    err_block_size_reqd = (1U << 31) + 8,
    err_too_big = (1U << 31) + 9,
};
inline constexpr std::uint32_t rep_error_bit = 1U << 31;

inline constexpr std::uint16_t info_export = 0;
inline constexpr std::uint16_t info_name = 1;
inline constexpr std::uint16_t info_description = 2;
inline constexpr std::uint16_t info_block_size = 3;

// Transmission flags
inline constexpr std::uint16_t has_flags = 1 << 0;
inline constexpr std::uint16_t read_only = 1 << 1;
inline constexpr std::uint16_t send_df = 1 << 7;
inline constexpr std::uint16_t can_multi_conn = 1 << 8;
inline constexpr std::uint16_t send_cache = 1 << 10;

// "Transmission phase"
inline constexpr std::uint32_t request_magic = 0x25609513;
inline constexpr std::uint32_t simple_reply_magic = 0x67446698;
inline constexpr std::uint32_t structured_reply_magic = 0x668e33ef;
inline constexpr std::size_t request_size = 28;
inline constexpr std::size_t simple_reply_size = 16;
inline constexpr std::size_t chunk_header_size = 20;

enum class Cmd : std::uint16_t {
    read = 0,
    write = 1,
    disc = 2,
    flush = 3,
    trim = 4,
    cache = 5,
    write_zeroes = 6,
    block_status = 7,
};
inline constexpr std::uint16_t cmd_flag_fua = 1 << 0;
inline constexpr std::uint16_t cmd_flag_df = 1 << 2;
inline constexpr std::uint16_t cmd_flag_req_one = 1 << 3;

inline constexpr std::uint16_t chunk_done = 1 << 0;
inline constexpr std::uint16_t chunk_none = 0;
inline constexpr std::uint16_t chunk_offset_data = 1;
inline constexpr std::uint16_t chunk_offset_hole = 2;
inline constexpr std::uint16_t chunk_block_status = 5;
inline constexpr std::uint16_t chunk_error_bit = 1 << 15;
inline constexpr std::uint16_t chunk_error = chunk_error_bit + 1;
inline constexpr std::uint16_t chunk_error_offset = chunk_error_bit + 2;

// "Error values"
inline constexpr std::uint32_t eperm = 1;
inline constexpr std::uint32_t eio = 5;
inline constexpr std::uint32_t enomem = 12;
inline constexpr std::uint32_t einval = 22;
inline constexpr std::uint32_t enospc = 28;
inline constexpr std::uint32_t eoverflow = 75;
inline constexpr std::uint32_t enotsup = 95;
inline constexpr std::uint32_t eshutdown = 108;

// "`base:allocation` metadata context"
inline constexpr std::string_view base_allocation = "base:allocation";
inline constexpr std::uint32_t state_hole = 1 << 0;
inline constexpr std::uint32_t state_zero = 1 << 1;

// "Size constraints"
inline constexpr std::uint32_t max_payload = 32U << 20; ///< what peers expect of each other unasked
inline constexpr std::size_t max_string = 4096;
inline constexpr std::uint64_t max_size = (std::uint64_t{1} << 63) - 1; ///< off_t

} // namespace xenlab::nbd::proto
