#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace danaus::io {

/// An ini file of options: `key = value` on each line.
///
/// A line that begins with `#` or `;` is a comment; so is the rest of a line after a blank and one of them. A
/// value in double quotes keeps blanks, `#` and `;`. Keys are options' names: letters, digits, `-`, `_` and
/// `.`. There are no sections. The order of keys is kept.
class Config {
 public:
  struct Entry {
    std::string key, value, comment;
    int line = 0;  ///< in the file it was read from; 0 if set by the program
  };

  Config() = default;
  /// @param name  of the file, for errors
  /// @throws UsageError "small.ini:7: expected key = value, found ..."; also for a section or a key given
  /// twice
  static Config parse(const std::string& text, const std::string& name);
  /// @throws MissingInputError
  static Config read(const std::filesystem::path& path);

  bool contains(const std::string& key) const { return find(key) != nullptr; }
  std::optional<std::string> get(const std::string& key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  /// "FILE:LINE", where a key was read, for errors about its value; "" if it was not read from a file.
  std::string origin(const std::string& key) const;

  /// Replaces the value, and the comment unless it is empty; a new key goes to the end.
  void set(const std::string& key, const std::string& value, const std::string& comment = "");
  void erase(const std::string& key);

  /// Each key with its comment above it. parse() gives the same keys and values again.
  std::string to_string() const;
  void write(const std::filesystem::path& path) const;

 private:
  const Entry* find(const std::string& key) const;

  std::string name_;
  std::vector<Entry> entries_;
};

}  // namespace danaus::io
