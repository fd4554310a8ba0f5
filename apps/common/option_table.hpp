#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace danaus::app {

using Json = nlohmann::ordered_json;

/// JSON has no numbers that are not finite.
inline Json number_or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

enum class OptionType { text, path, integer, real, toggle, choice };

/// One option of one verb. Parsing, `--help`, `--help --json`, the configuration file and its dump, the
/// completion and the manual page all come from these entries.
struct Option {
  std::string name;
  OptionType type = OptionType::text;
  std::string fallback;  ///< the default as one would type it; empty if there is none or it depends on others
  std::string help;
  std::string fallback_note;  ///< says what the default depends on
  std::string unit;
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool exclusive_minimum = false;
  std::vector<std::string> choices;
  bool is_required = false;
  bool in_config = true;  ///< part of a resolved configuration: it defines the result

  Option& note(const std::string& text) { return fallback_note = text, *this; }
  Option& in(const std::string& text) { return unit = text, *this; }
  Option& required() { return is_required = true, *this; }
  /// Says how to run, not what to compute: left out of configuration dumps.
  Option& transient() { return in_config = false, *this; }
};

/// Makers, so that a table reads as one line per option. An empty default is none.
Option text_option(const std::string& name, const std::string& fallback, const std::string& help);
Option path_option(const std::string& name, const std::string& help);
Option integer_option(const std::string& name, const std::string& fallback, double minimum, double maximum,
                      const std::string& help);
Option real_option(const std::string& name, const std::string& fallback, double minimum, double maximum,
                   const std::string& help);
/// A real number above zero.
Option positive_option(const std::string& name, const std::string& fallback, double maximum,
                       const std::string& help);
Option toggle_option(const std::string& name, const std::string& fallback, const std::string& help);
Option choice_option(const std::string& name, const std::string& fallback,
                     const std::vector<std::string>& choices, const std::string& help);

/// `--config --seed --threads --json --quiet --progress --dry-run --resume --overwrite ...`: the options that
/// mean the same for every verb, by name.
/// @throws std::invalid_argument for a name that is not one of them
Option common_option(const std::string& name);

/// "an integer from 1 to 1000000", "one of fno, monarch-no", "true or false"
std::string describe_expected(const Option& option);
/// "integer", "real", "choice", ...
const char* name_of(OptionType type);

/// @throws UsageError "WHERE: expected ..., found ..." unless the text is a value of the option
void check_value(const Option& option, const std::string& value, const std::string& where);

class Options;

/// What a verb hands back: printed on stdout by the caller, as JSON or as text.
struct Outcome {
  Json json;
  std::string text;
  int exit_code = 0;
};

struct Verb {
  std::string name, summary;
  std::vector<Option> options;
  std::function<Outcome(const Options&)> run;
  /// What stands after the options, "FILE|DIR"; empty if nothing may.
  std::string operands;
  bool uses_kokkos = true;
  std::vector<std::string> examples;

  /// nullptr if there is no such option
  const Option* find(const std::string& option) const;
  std::vector<std::string> option_names() const;
};

struct Program {
  std::string name, summary;
  std::vector<Verb> verbs;
  /// What `generate`, `train`, ... have in common, shown under the list of verbs.
  std::string notes;
};

}  // namespace danaus::app
