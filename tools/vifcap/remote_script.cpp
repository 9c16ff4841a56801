// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote_script.hpp"

#include <xenlab/base/shell.hpp>
#include <xenlab/follow/host_watch.hpp>
#include <xenlab/pcap/reader.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace vifcap {

using namespace xenlab;

namespace {

// In immediate mode (TPACKET_V2) every slot of the ring is as large as the snap length, and takes a
// power of two of the kernel's memory: with the 68 bytes that libpcap puts in front, whole_packet
// is the most that fits into 64 KiB. A byte more takes twice the memory, which dom0 has little of,
// and the time to get it: 128 KiB slots made the first packet wait for 50 to 230 ms. After
// segmentation offload frames of up to 65226 bytes were seen.
constexpr std::uint64_t whole_packet = 65'456;
constexpr unsigned ring_kib = 65'536;

// A reader of flags gives "0x1003"; an odd number is up. The interface exists some time before the
// hotplug script sets it up. The loop's wait for tcpdump is interrupted by the lifeline's TERM.
constexpr std::string_view capture_text = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
pid= stop=
trap 'stop=1; if [ -n "$pid" ]; then kill -INT "$pid"; ( sleep 3; kill -KILL "$pid" ) >/dev/null 2>&1 & fi' TERM
command -v tcpdump >/dev/null 2>&1 || { echo "vifcap: no tcpdump" >&2; exit 127; }
state() {
    f=; { read -r f <"/sys/class/net/$if/flags"; } 2>/dev/null || return 2
    case $f in *[13579bdfBDF]) return 0 ;; esac
    return 1
}
while [ -z "$stop" ]; do
    state
    case $? in
    2) echo "vifcap: gone" >&2; exit 3 ;;
    1) sleep 0.02; continue ;;
    esac
    XENLAB_VIFCAP=$tag tcpdump -i "$if" -n $now -s "$snap" -B "$ring" -w - -- "$filter" </dev/null 3>&- &
    pid=$!
    [ -z "$stop" ] || kill -INT "$pid"
    wait "$pid"; status=$?
    while kill -0 "$pid" 2>/dev/null; do wait "$pid"; status=$?; done
    pid=
    case $status$now in
    1-*immediate*) # looked at only now: it takes longer than the first packet may
        case $(tcpdump --help 2>&1) in
        *--immediate-mode*) ;;
        *) now=-U; echo "vifcap: old tcpdump" >&2; continue ;;
        esac ;;
    esac
    exit "$status"
done
)sh";

constexpr std::string_view reap_text = R"sh(
for p in /proc/[0-9]*; do
    n=${p#/proc/}
    read -r name <"$p/comm" 2>/dev/null || continue
    [ "$name" = tcpdump ] || continue
    tag=$(tr '\0' '\n' <"$p/environ" 2>/dev/null | sed -n 's/^XENLAB_VIFCAP=//p') || continue
    [ -n "$tag" ] || continue
    parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$p/status" 2>/dev/null) || continue
    case $(tr '\0' ' ' <"/proc/$parent/cmdline" 2>/dev/null) in *XENLAB_VIFCAP=*) continue ;; esac
    kill -INT "$n" 2>/dev/null || continue
    i=0
    while kill -0 "$n" 2>/dev/null; do
        i=$((i + 1)); [ "$i" -lt 20 ] || { kill -KILL "$n"; break; }
        sleep 0.1
    done
    echo "$n $tag"
done
)sh";

} // namespace

std::string capture_script(const CapturePlan& plan)
{
    const std::uint64_t snap = plan.snap_length == 0
                                   ? whole_packet
                                   : std::min<std::uint64_t>(plan.snap_length, pcap::most_captured);
    return fmt::format(
        "if={} filter={} snap={} ring={} tag={} now={}\n{}{}", text::shell_word(plan.interface),
        text::shell_word(plan.filter), snap, ring_kib, text::shell_word(plan.tag),
        plan.buffered ? "''" : "'-U --immediate-mode'", follow::lifeline(), capture_text);
}

std::string reap_script()
{
    return std::string(reap_text);
}

} // namespace vifcap
