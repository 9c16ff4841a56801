// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_line.hpp"

#include <xenlab/base/error.hpp>

namespace xenlab::serial_cli {

io::Fd open_vm_line(const Target& /*target*/, const std::stop_token& /*stop*/)
{
    throw Error(Errc::usage, "targets of the form vm:NAME are not there yet",
                "give the VM a TCP port on its host and come by ssh -L: see serial-cli(1)");
}

} // namespace xenlab::serial_cli
