#pragma once

#include <string>
#include <vector>

namespace danaus::app {

struct ConfigEntry {
  std::string section;  ///< the verb it is for; empty for all
  std::string key, value;
  std::string where;  ///< "FILE:LINE"
};

/// Reads an ini file: `key = value` lines, `[verb]` sections, blank lines, comments from `#` or `;` at the
/// start of a line or after a blank.
/// @throws MissingInputError if the file cannot be read, UsageError "FILE:LINE: ..." for any other line
std::vector<ConfigEntry> read_config(const std::string& path);

}  // namespace danaus::app
