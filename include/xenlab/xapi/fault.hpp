// SPDX-License-Identifier: GPL-3.0-or-later
// What xapi refuses, in words that mean something to a person: names instead of references, the
// code for whoever searches the web, and what to do about it.
#pragma once

#include <xenlab/base/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::xapi {

/// Looks up what a reference means: "web1" or "VDI \"root\" (uuid)". Nothing: unknown, the text is
/// shown as it is. Must not throw; may ask the server.
using NameLookup = std::function<std::optional<std::string>(std::string_view ref)>;

/// An error that the server reported (ErrorDescription, or error_info of a task). Its message is
/// complete without lookups but shows references as "an object"; explain() gives the better one.
class Fault : public Error {
  public:
    /// `what_failed` stands in front of the message ("VM.start"); may be empty.
    Fault(std::string_view what_failed, std::string code, std::vector<std::string> params);
    /// A task that ended as "cancelled" or without a verdict, as if xapi had said so.
    explicit Fault(std::string code) : Fault({}, std::move(code), {}) {}

    [[nodiscard]] const std::string& name() const noexcept
    {
        return name_;
    } ///< "VM_BAD_POWER_STATE"
    [[nodiscard]] const std::vector<std::string>& params() const noexcept { return params_; }
    [[nodiscard]] bool is(std::string_view name) const noexcept { return name_ == name; }
    /// Code and parameters, as the "xapi" member of error documents has them. A session reference
    /// is left out.
    [[nodiscard]] std::vector<std::string> document() const;

    /// The same failure with names in it.
    [[nodiscard]] Fault explain(const NameLookup& lookup) const;

  private:
    Fault(const std::string& message, const Fault& other);

    std::string what_failed_;
    std::string name_;
    std::vector<std::string> params_;
};

/// The exit code for a code of xapi.
Errc errc_of(std::string_view name) noexcept;

} // namespace xenlab::xapi
