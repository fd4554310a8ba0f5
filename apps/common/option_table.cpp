#include "option_table.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace danaus::app {
namespace {

Option make(const std::string& name, OptionType type, const std::string& fallback, const std::string& help) {
  Option option;
  option.name = name, option.type = type, option.fallback = fallback, option.help = help;
  return option;
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", x);
  return text;
}

std::string describe_range(const Option& o) {
  const bool below = std::isfinite(o.minimum), above = std::isfinite(o.maximum);
  const std::string from = o.exclusive_minimum ? " above " : " from ";
  if (below && above)
    return from + number(o.minimum) + (o.exclusive_minimum ? " and up to " : " to ") + number(o.maximum);
  if (below) return o.exclusive_minimum ? from + number(o.minimum) : " of at least " + number(o.minimum);
  if (above) return " of at most " + number(o.maximum);
  return "";
}

/// The whole text must be a number: no blanks, no "12x", no nan.
template <class Number>
bool parse_all(const std::string& text, Number& value) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc() && result.ptr == end && begin != end;
}

bool in_range(const Option& o, double x) {
  return std::isfinite(x) && x <= o.maximum && (o.exclusive_minimum ? x > o.minimum : x >= o.minimum);
}

bool is_valid(const Option& o, const std::string& value) {
  switch (o.type) {
    case OptionType::text:
    case OptionType::path:
      return !value.empty() && value.find('\n') == std::string::npos;
    case OptionType::toggle:
      return value == "true" || value == "false";
    case OptionType::choice:
      return std::find(o.choices.begin(), o.choices.end(), value) != o.choices.end();
    case OptionType::integer: {
      std::int64_t x;
      return parse_all(value, x) && in_range(o, double(x));
    }
    case OptionType::real: {
      double x;
      return parse_all(value, x) && in_range(o, x);
    }
  }
  return false;
}

}  // namespace

Option text_option(const std::string& name, const std::string& fallback, const std::string& help) {
  return make(name, OptionType::text, fallback, help);
}
Option path_option(const std::string& name, const std::string& help) {
  return make(name, OptionType::path, "", help);
}
Option integer_option(const std::string& name, const std::string& fallback, double minimum, double maximum,
                      const std::string& help) {
  Option option = make(name, OptionType::integer, fallback, help);
  option.minimum = minimum, option.maximum = maximum;
  return option;
}
Option real_option(const std::string& name, const std::string& fallback, double minimum, double maximum,
                   const std::string& help) {
  Option option = make(name, OptionType::real, fallback, help);
  option.minimum = minimum, option.maximum = maximum;
  return option;
}
Option positive_option(const std::string& name, const std::string& fallback, double maximum,
                       const std::string& help) {
  Option option = real_option(name, fallback, 0, maximum, help);
  option.exclusive_minimum = true;
  return option;
}
Option toggle_option(const std::string& name, const std::string& fallback, const std::string& help) {
  return make(name, OptionType::toggle, fallback, help);
}
Option choice_option(const std::string& name, const std::string& fallback,
                     const std::vector<std::string>& choices, const std::string& help) {
  Option option = make(name, OptionType::choice, fallback, help);
  option.choices = choices;
  return option;
}

Option common_option(const std::string& name) {
  const Option all[] = {
      path_option("config", "ini file with option names as keys; the command line wins").transient(),
      path_option("out", "where the result goes").required().transient(),
      integer_option("seed", "0", 0, 9007199254740991.0, "seed of every random number"),
      integer_option("threads", "", 1, 4096, "CPU threads; the result does not depend on it")
          .note("physical cores")
          .transient(),
      integer_option("device", "0", 0, 1023, "GPU to use (builds for GPUs)").transient(),
      toggle_option("json", "false", "print one JSON object on stdout and nothing else there").transient(),
      toggle_option("quiet", "false", "no messages on stderr but errors").transient(),
      choice_option("progress", "auto", {"auto", "bar", "plain", "none"},
                    "how progress is shown on stderr; auto: a bar on a terminal, else plain lines")
          .transient(),
      toggle_option("dry-run", "false", "say what would be done, with memory and time; write nothing")
          .transient(),
      toggle_option("resume", "false", "continue what an earlier run left in --out").transient(),
      toggle_option("overwrite", "false", "replace what is in --out").transient(),
      toggle_option("help", "false", "this text; with --json every option with type, range and default")
          .transient(),
  };
  for (const auto& option : all)
    if (option.name == name) return option;
  throw std::invalid_argument("common_option: no option " + name);
}

const char* name_of(OptionType type) {
  switch (type) {
    case OptionType::text:
      return "text";
    case OptionType::path:
      return "path";
    case OptionType::integer:
      return "integer";
    case OptionType::real:
      return "real";
    case OptionType::toggle:
      return "toggle";
    case OptionType::choice:
      return "choice";
  }
  return "";
}

std::string describe_expected(const Option& o) {
  switch (o.type) {
    case OptionType::text:
      return "text";
    case OptionType::path:
      return "a path";
    case OptionType::integer:
      return "an integer" + describe_range(o);
    case OptionType::real:
      return "a number" + describe_range(o);
    case OptionType::toggle:
      return "true or false";
    case OptionType::choice: {
      std::string text = "one of ";
      for (const auto& choice : o.choices) text += (&choice == &o.choices.front() ? "" : ", ") + choice;
      return text;
    }
  }
  return "";
}

void check_value(const Option& option, const std::string& value, const std::string& where) {
  if (is_valid(option, value)) return;
  std::string message = where + ": expected " + describe_expected(option) + ", found \"" + value + "\"";
  if (option.type == OptionType::choice)
    message += "; did you mean " + nearest_name(value, option.choices) + "?";
  throw UsageError(message);
}

const Option* Verb::find(const std::string& option) const {
  for (const auto& o : options)
    if (o.name == option) return &o;
  return nullptr;
}

std::vector<std::string> Verb::option_names() const {
  std::vector<std::string> names;
  for (const auto& o : options) names.push_back(o.name);
  return names;
}

}  // namespace danaus::app
