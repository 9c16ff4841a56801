// SPDX-License-Identifier: GPL-3.0-or-later
// libssh's objects with owners, and its errors as ours.
#pragma once

#include <xenlab/base/error.hpp>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <memory>
#include <string>
#include <string_view>

namespace xenlab::transport {

template <auto Function>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const noexcept
    {
        Function(object);
    }
};

using SessionHandle = std::unique_ptr<ssh_session_struct, FreeWith<ssh_free>>;
using EventHandle = std::unique_ptr<ssh_event_struct, FreeWith<ssh_event_free>>;
using KeyHandle = std::unique_ptr<ssh_key_struct, FreeWith<ssh_key_free>>;

/// libssh's words for the last failure, safe to show.
std::string ssh_words(ssh_session session);

/// Throws Error{failed} when libssh refuses the value.
void set_option(ssh_session session, ssh_options_e option, const void* value,
                std::string_view what);

/// "SHA256:…" as ssh-keygen -l prints it.
std::string fingerprint(ssh_key key);

} // namespace xenlab::transport
