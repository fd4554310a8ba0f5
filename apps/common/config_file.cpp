#include "config_file.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <sstream>

namespace danaus::app {
namespace {

std::string trimmed(const std::string& text) {
  const char* blanks = " \t\r";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string without_comment(const std::string& line) {
  for (size_t i = 0; i < line.size(); ++i)
    if ((line[i] == '#' || line[i] == ';') && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
      return line.substr(0, i);
  return line;
}

}  // namespace

std::vector<ConfigEntry> read_config(const std::string& path) {
  std::istringstream file(io::read_file(path));
  std::vector<ConfigEntry> entries;
  std::string section, line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    const std::string where = path + ":" + std::to_string(number);
    const std::string content = trimmed(without_comment(line));
    if (content.empty()) continue;
    if (content.front() == '[' && content.back() == ']') {
      section = trimmed(content.substr(1, content.size() - 2));
      continue;
    }
    const size_t equals = content.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(where + ": expected \"key = value\", \"[verb]\" or a comment, found \"" + content +
                       "\"");
    entries.push_back(
        {section, trimmed(content.substr(0, equals)), trimmed(content.substr(equals + 1)), where});
  }
  return entries;
}

}  // namespace danaus::app
