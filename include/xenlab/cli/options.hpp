// SPDX-License-Identifier: GPL-3.0-or-later
// How a tool declares its command line. CLI11 does the parsing, but it costs seconds in every
// source that includes it, so it is included in lib/cli alone, and these two classes pass things
// on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace xenlab::cli {

/// One declared option or argument. A handle that belongs to its OptionSet; copies mean the same.
class Option {
  public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option required() const;
    /// What its value is called in help and completion: "FILE", "VM".
    Option type_name(const std::string& name) const;
    /// The heading it stands under; hidden when empty.
    Option group(const std::string& name) const;
    Option excludes(const Option& other) const;
    Option needs(const Option& other) const;
    /// `test` says what is wrong with a value, or nothing.
    Option check(std::function<std::string(const std::string&)> test) const;
    /// A number must be in [low, high].
    Option range(double low, double high) const;
    /// How many values it takes; `most` < 0: any number.
    Option expected(int least, int most) const;
    /// Values that follow each other belong to it one at a time: "-e A=1 -e B=2 CMD".
    Option one_at_a_time() const;

  private:
    CLI::Option* option_;
};

/// Names are "-f,--flag" for options and "NAME" for arguments by position. The value bound to an
/// option must outlive the parsing. A vector takes any number of values.
class OptionSet {
  public:
    explicit OptionSet(CLI::App& app) : app_(app) {}

    using Text = const std::string&;
    Option add_option(Text names, std::string& value, Text description);
    Option add_option(Text names, std::optional<std::string>& value, Text description);
    Option add_option(Text names, std::vector<std::string>& value, Text description);
    Option add_option(Text names, int& value, Text description);
    Option add_option(Text names, unsigned& value, Text description);
    Option add_option(Text names, std::uint16_t& value, Text description);
    Option add_option(Text names, std::uint64_t& value, Text description);
    Option add_option(Text names, std::int64_t& value, Text description);
    Option add_option(Text names, double& value, Text description);
    Option add_option(Text names, std::optional<int>& value, Text description);
    Option add_option(Text names, std::optional<unsigned>& value, Text description);
    Option add_option(Text names, std::optional<std::uint16_t>& value, Text description);
    Option add_option(Text names, std::optional<std::uint64_t>& value, Text description);
    Option add_option(Text names, std::vector<unsigned>& value, Text description);
    /// `take` gets each value; it throws Error{usage} with what is wrong about one.
    Option add_parsed(Text names, std::function<void(const std::string&)> take, Text description);

    Option add_flag(Text names, bool& value, Text description);
    /// Counts how often it is given.
    Option add_flag(Text names, int& value, Text description);

    /// A fixed set of values; they show in --help and complete by themselves.
    Option add_choice(Text names, std::string& value, const std::vector<std::string>& choices,
                      Text description);
    /// "64M", "1G": binary units of bytes.
    Option add_size(Text names, std::uint64_t& bytes, Text description);
    Option add_size(Text names, std::optional<std::uint64_t>& bytes, Text description);
    /// "500ms", "30s", "5m".
    Option add_duration(Text names, std::chrono::milliseconds& value, Text description);
    Option add_duration(Text names, std::optional<std::chrono::milliseconds>& value,
                        Text description);

    /// Everything after the first argument belongs to the arguments ("run CMD -x"), like after
    /// "--".
    void stop_at_first_argument();

  private:
    CLI::App& app_;
};

} // namespace xenlab::cli
