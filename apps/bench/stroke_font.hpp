#pragma once

#include <string>
#include <vector>

namespace danaus::app {

/// A point of a letter's outline, in units of the text size: x to the right, y upwards from the base line.
struct FontPoint {
  double x, y;
};

/// The pen strokes of a line of text that begins at the origin, and its width. Letters, digits and the
/// punctuation of labels; other characters leave a gap.
struct StrokedText {
  std::vector<std::vector<FontPoint>> strokes;
  double width = 0;
};
StrokedText stroked_text(const std::string& text);

}  // namespace danaus::app
