#include <danaus/io/config.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <algorithm>
#include <sstream>

namespace danaus::io {

namespace {

constexpr char blanks[] = " \t\r";

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_comment(char c) { return c == '#' || c == ';'; }

bool is_key(const std::string& key) {
  constexpr char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !key.empty() && key.find_first_not_of(allowed) == std::string::npos;
}

/// A value and the comment behind it, from the text after `=`. @return false if quotes are not closed
bool parse_value(const std::string& text, Config::Entry& entry) {
  std::string rest = trimmed(text);
  if (!rest.empty() && rest[0] == '"') {
    const auto end = rest.find('"', 1);
    if (end == std::string::npos) return false;
    entry.value = rest.substr(1, end - 1);
    rest = trimmed(rest.substr(end + 1));
    if (!rest.empty() && !is_comment(rest[0])) return false;
    if (!rest.empty()) entry.comment = trimmed(rest.substr(1));
    return true;
  }
  std::size_t at = 0;
  while (at < rest.size() &&
         !(is_comment(rest[at]) && (at == 0 || rest[at - 1] == ' ' || rest[at - 1] == '\t')))
    ++at;
  entry.value = trimmed(rest.substr(0, at));
  if (at < rest.size()) entry.comment = trimmed(rest.substr(at + 1));
  return true;
}

bool needs_quotes(const std::string& value) {
  return value != trimmed(value) || value.find_first_of("#;") != std::string::npos;
}

}  // namespace

Config Config::parse(const std::string& text, const std::string& name) {
  Config config;
  config.name_ = name;
  std::istringstream lines(text);
  std::string line, comment;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto fail = [&](const std::string& what) {
      throw UsageError(name + ":" + std::to_string(number) + ": " + what);
    };
    // Some editors mark UTF-8 with three bytes in front.
    if (number == 1 && line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
    if (line.find('\0') != std::string::npos) fail("expected text, found a binary file");
    line = trimmed(line);
    if (line.empty()) {
      comment.clear();
      continue;
    }
    if (is_comment(line[0])) {
      comment += (comment.empty() ? "" : "\n") + trimmed(line.substr(1));
      continue;
    }
    if (line[0] == '[')
      fail("expected key = value, found the section " + line + "; options have no sections");
    const auto equals = line.find('=');
    if (equals == std::string::npos) fail("expected key = value, found \"" + line + "\"");
    Entry entry;
    entry.line = number;
    entry.key = trimmed(line.substr(0, equals));
    if (!is_key(entry.key)) fail("expected the name of an option before =, found \"" + entry.key + "\"");
    if (!parse_value(line.substr(equals + 1), entry))
      fail("expected a value with one pair of quotes, found " + line);
    if (const Entry* earlier = config.find(entry.key))
      fail(entry.key + " is given twice, first in line " + std::to_string(earlier->line));
    if (entry.comment.empty()) entry.comment = comment;
    comment.clear();
    config.entries_.push_back(entry);
  }
  return config;
}

Config Config::read(const std::filesystem::path& path) { return parse(read_file(path), path.string()); }

const Config::Entry* Config::find(const std::string& key) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<std::string> Config::get(const std::string& key) const {
  const Entry* entry = find(key);
  if (!entry) return std::nullopt;
  return entry->value;
}

std::string Config::origin(const std::string& key) const {
  const Entry* entry = find(key);
  return entry && entry->line > 0 ? name_ + ":" + std::to_string(entry->line) : "";
}

void Config::set(const std::string& key, const std::string& value, const std::string& comment) {
  if (!is_key(key)) throw InternalError("Config: \"" + key + "\" is not the name of an option");
  if (value.find_first_of("\n\"") != std::string::npos)
    throw UsageError("the value of " + key + " must not hold quotes or line feeds");
  if (const Entry* found = find(key)) {
    Entry& entry = entries_[std::size_t(found - entries_.data())];
    entry.value = value;
    if (!comment.empty()) entry.comment = comment;
    return;
  }
  entries_.push_back({key, value, comment, 0});
}

void Config::erase(const std::string& key) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

std::string Config::to_string() const {
  std::string text;
  for (const Entry& entry : entries_) {
    if (!entry.comment.empty()) {
      if (!text.empty()) text += "\n";
      std::istringstream lines(entry.comment);
      for (std::string line; std::getline(lines, line);) text += "# " + line + "\n";
    }
    const bool quoted = needs_quotes(entry.value);
    text += entry.key + " = " + (quoted ? "\"" + entry.value + "\"" : entry.value) + "\n";
  }
  return text;
}

void Config::write(const std::filesystem::path& path) const { write_file_atomically(path, to_string()); }

}  // namespace danaus::io
