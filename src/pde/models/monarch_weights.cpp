#include <danaus/pde/models/monarch_weights.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <charconv>

namespace danaus::pde {

namespace {

struct Pattern {
  std::string glob;
  MonarchKind kind;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

Pattern parse(const std::string& text) {
  const auto fail = [&] {
    throw UsageError("monarch-weights '" + text +
                     "': expected PATTERN, PATTERN:nblocks=N or PATTERN:block=B");
  };
  Pattern pattern;
  const size_t colon = text.find(':');
  pattern.glob = text.substr(0, colon);
  if (pattern.glob.empty()) fail();
  if (colon == std::string::npos) return pattern;
  const std::string kind = text.substr(colon + 1);
  const size_t equals = kind.find('=');
  const std::string name = kind.substr(0, equals);
  if (equals == std::string::npos || (name != "nblocks" && name != "block")) fail();
  pattern.kind.monarch_class = name == "block" ? MonarchClass::block : MonarchClass::nblocks;
  const char *begin = kind.data() + equals + 1, *end = kind.data() + kind.size();
  const auto [stop, error] = std::from_chars(begin, end, pattern.kind.number);
  if (error != std::errc() || stop != end || pattern.kind.number == 0 || pattern.kind.number > 65536) fail();
  return pattern;
}

bool fits(const std::string& glob, const std::string& name) {
  return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

[[noreturn]] void fail_without_match(const std::string& glob,
                                     const std::vector<LinearWeightsEntry>& entries) {
  std::string names;
  for (const auto& entry : entries) names += (names.empty() ? "" : ", ") + entry.name;
  throw UsageError("'" + glob + "' fits no linear weight; there are " + names);
}

}  // namespace

nn::MonarchWeightsShape MonarchKind::shape(size_t inputs, size_t outputs) const {
  return monarch_class == MonarchClass::block
             ? nn::MonarchWeightsShape::from_block(inputs, outputs, number)
             : nn::MonarchWeightsShape::from_nblocks(inputs, outputs, number);
}

std::string MonarchKind::to_string() const {
  return (monarch_class == MonarchClass::block ? "block=" : "nblocks=") + std::to_string(number);
}

std::vector<LinearWeightsEntry> linear_weights(const ModelConfig& config) {
  const size_t frames = std::max<size_t>(config.history, 1);
  std::vector<LinearWeightsEntry> entries{
      {"lifting/weights", frames * config.input_channels + 2, config.width, {}}};
  for (size_t l = 0; l < config.layers; ++l)
    entries.push_back({"layer_" + std::to_string(l) + "/weights", config.width, config.width, {}});
  entries.push_back({"projection/weights_1", config.width, ModelConfig::hidden, {}});

  for (const auto& text : split(config.monarch_weights)) {
    const Pattern pattern = parse(text);
    bool any = false;
    for (auto& entry : entries) {
      if (!fits(pattern.glob, entry.name)) continue;
      any = true;
      if (!entry.monarch) entry.monarch = pattern.kind;
    }
    if (!any) fail_without_match(pattern.glob, entries);
  }
  return entries;
}

std::string to_text(const std::vector<LinearWeightsEntry>& entries) {
  std::string text;
  for (const auto& entry : entries)
    if (entry.monarch) text += (text.empty() ? "" : ",") + entry.name + ":" + entry.monarch->to_string();
  return text;
}

std::vector<size_t> matching(const std::vector<LinearWeightsEntry>& entries, const std::string& patterns) {
  std::vector<bool> chosen(entries.size(), false);
  for (const auto& glob : split(patterns)) {
    bool any = false;
    for (size_t e = 0; e < entries.size(); ++e)
      if (fits(glob, entries[e].name)) chosen[e] = any = true;
    if (!any) fail_without_match(glob, entries);
  }
  std::vector<size_t> indices;
  for (size_t e = 0; e < entries.size(); ++e)
    if (chosen[e]) indices.push_back(e);
  return indices;
}

}  // namespace danaus::pde
