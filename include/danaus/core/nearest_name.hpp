#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace danaus {

/// Number of insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string
/// alignment distance).
inline std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

/// The name that the user most likely meant: the first with the smallest edit distance, a completion of what
/// was typed before any other. Empty if there are no names.
inline std::string nearest_name(const std::string& typed, const std::vector<std::string>& names) {
  std::string best;
  std::size_t best_distance = ~std::size_t(0);
  for (const auto& name : names) {
    const bool completes = typed.size() >= 2 && name.starts_with(typed);
    const std::size_t distance = completes ? 0 : edit_distance(typed, name);
    if (distance < best_distance) best = name, best_distance = distance;
  }
  return best;
}

}  // namespace danaus
