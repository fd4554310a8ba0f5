#pragma once

#include "option_table.hpp"

#include <map>

namespace danaus::app {

/// The values of a verb's options: what was given on the command line, else in the configuration file, else
/// the defaults. All have been checked against the table.
class Options {
 public:
  explicit Options(const Verb& verb);

  /// Parses everything after the verb. `--name value`, `--name=value`, bare `--name` for a toggle; the last
  /// one wins.
  /// @throws UsageError for what is not in the table (with the nearest name), out of range, or missing
  static Options parse(const Verb& verb, const std::vector<std::string>& arguments);

  /// Whether the option has a value, its default included.
  bool has(const std::string& name) const { return !text(name).empty(); }
  /// Whether it was given on the command line or in the configuration file.
  bool is_given(const std::string& name) const;

  /// The value as typed; empty if there is none.
  const std::string& text(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  size_t size(const std::string& name) const { return size_t(integer(name)); }
  double real(const std::string& name) const;
  bool toggle(const std::string& name) const { return text(name) == "true"; }
  /// The entries of a comma-separated value.
  std::vector<std::string> list(const std::string& name) const;
  const std::vector<std::string>& operands() const { return operands_; }

  /// Fixes a value that was resolved from the data or from other options; it counts as not given.
  void resolve(const std::string& name, const std::string& value);

  /// Every option that defines the result, in the order of the table, as an ini file for --config.
  std::string to_ini() const;
  /// The same as a map.
  std::map<std::string, std::string> to_map() const;

  const Verb& verb() const { return *verb_; }

 private:
  enum class Source { fallback, file, command_line };
  struct Value {
    std::string text;
    Source source = Source::fallback;
  };

  void read_arguments(const std::vector<std::string>& arguments);
  void read_config(const std::string& path);
  void require_complete() const;
  const Value& value(const std::string& name) const;

  const Verb* verb_;
  std::map<std::string, Value> values_;
  std::vector<std::string> operands_;
};

/// A number as the shortest text that reads back the same.
std::string to_text(double x);

}  // namespace danaus::app
