// SPDX-License-Identifier: GPL-3.0-or-later
// What a server sends in the transmission phase, matched with what it was asked (proto.md, "Simple
// reply message" and "Structured reply chunk message").
#pragma once

#include "protocol.hpp"
#include "wire.hpp"

#include <xenlab/base/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xenlab::nbd {

/// The parts of a request that have been answered. At most max_parts lie apart at any time.
class Ranges {
  public:
    static constexpr std::size_t max_parts = 1024;

    /// False when it overlaps what is there, or when too many lie apart. end > begin.
    bool add(std::uint32_t begin, std::uint32_t end);
    [[nodiscard]] bool covers(std::uint32_t length) const;

  private:
    std::map<std::uint32_t, std::uint32_t>
        parts_; ///< begin -> end, neither overlapping nor touching
};

struct Descriptor {
    std::uint32_t length = 0;
    std::uint32_t flags = 0;
};

/// A request on its way. Whoever sent it keeps it until it is done.
struct Request {
    proto::Cmd type = proto::Cmd::read;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::vector<std::byte> own;     ///< where `into` points, unless that is the caller's memory
    std::span<std::byte> into;      ///< of a read: `length` bytes
    std::vector<Descriptor> status; ///< of a block status
    bool done = false;
    std::uint32_t error = 0; ///< NBD's number, when done
    std::string words;       ///< the server's, not made safe yet

    Ranges got;            ///< of a read with structured replies
    unsigned problems = 0; ///< error chunks so far
};

/// The receiving half of a connection. Throws Error{bad_data} as soon as a reply does not fit what
/// was asked, before memory is taken for it. One thread.
class Replies {
  public:
    static constexpr std::size_t max_descriptors = 128U << 10; ///< kept of one block status

    Replies(Input& input, std::string peer, bool structured, std::uint32_t allocation_id);

    /// The cookie to send with the request.
    std::uint64_t expect(std::shared_ptr<Request> request);
    [[nodiscard]] std::size_t waiting() const noexcept { return pending_.size(); }

    /// Takes one reply or chunk; true when a request is now done.
    bool receive(TimePoint deadline);

  private:
    struct Chunk {
        std::uint16_t flags = 0;
        std::uint16_t type = 0;
        std::uint32_t length = 0;
    };

    bool receive_simple(TimePoint deadline);
    bool receive_chunk(TimePoint deadline);
    void take_data(Request& request, std::uint32_t length, TimePoint deadline);
    void take_hole(Request& request, std::uint32_t length, TimePoint deadline);
    void take_status(Request& request, std::uint32_t length, TimePoint deadline);
    void take_error(Request& request, std::uint32_t length, TimePoint deadline);
    std::span<std::byte> claim(Request& request, std::uint64_t offset, std::uint32_t length);
    std::shared_ptr<Request> find(std::uint64_t cookie);
    void finish(std::uint64_t cookie);
    [[nodiscard]] Error bad(std::string_view what) const;

    Input& input_;
    std::string peer_;
    bool structured_;
    std::uint32_t allocation_id_;
    std::uint64_t last_cookie_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Request>> pending_;
};

} // namespace xenlab::nbd
