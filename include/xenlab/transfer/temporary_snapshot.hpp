// SPDX-License-Identifier: GPL-3.0-or-later
// A snapshot that exists while somebody reads from it.
#pragma once

#include <xenlab/lab/targets.hpp>

#include <optional>
#include <string>

namespace xenlab::transfer {

/// Destroyed with its disks by remove(), or by the destructor, which never throws and works after a
/// stop request, too.
class TemporarySnapshot {
  public:
    /// Takes it and makes it a VM like others: snapshots are templates, and what is exported as a
    /// template is imported as one. It has the VM's name, because the archive will. Throws Fault,
    /// Error{timeout}.
    TemporarySnapshot(lab::Pool& pool, const xapi::Object<xapi::Vm>& vm,
                      transport::TimePoint deadline);
    ~TemporarySnapshot();
    TemporarySnapshot(const TemporarySnapshot&) = delete;
    TemporarySnapshot& operator=(const TemporarySnapshot&) = delete;

    [[nodiscard]] const xapi::Ref<xapi::Vm>& ref() const noexcept { return ref_; }
    [[nodiscard]] const xapi::Vm& record() const noexcept { return record_; }

    /// Marks it as ours for `xvm reap`. To be called once the records have been read for an export:
    /// the mark would go into the archive, and whatever is imported from that would look left over.
    void mark();

    void remove();

  private:
    void find_stray(const xapi::Object<xapi::Vm>& vm);
    void clean_up() noexcept;

    lab::Pool& pool_;
    xapi::Ref<xapi::Vm> ref_;
    xapi::Vm record_;
    std::vector<xapi::Ref<xapi::Vdi>> disks_;
};

} // namespace xenlab::transfer
