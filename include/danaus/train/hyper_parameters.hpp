#pragma once

#include <charconv>
#include <string>

/// Hyper-parameters as the text that checkpoints keep, and back.
namespace danaus::train {

inline std::string hyper_parameter_text(const std::string& value) { return value; }
inline std::string hyper_parameter_text(size_t value) { return std::to_string(value); }
inline std::string hyper_parameter_text(bool value) { return value ? "true" : "false"; }

/// Whether the text is such a value; `value` has it then.
inline bool parse_hyper_parameter(const std::string& text, std::string& value) {
  value = text;
  return true;
}
inline bool parse_hyper_parameter(const std::string& text, size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
inline bool parse_hyper_parameter(const std::string& text, bool& value) {
  value = text == "true";
  return value || text == "false";
}

}  // namespace danaus::train
