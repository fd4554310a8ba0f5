#include <danaus/monarch/stage_blocks.hpp>

#include <danaus/core/tensor.hpp>
#include <danaus/fft/root_of_unity.hpp>

#include <algorithm>

namespace danaus::monarch {

namespace {

StageBlock transposed(const StageBlock& b) {
  StageBlock t{b.outputs, b.inputs, {}};
  const size_t rows = b.outputs.size();
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < b.inputs.size(); ++c) t.entries.push_back(b.entries[c * rows + r]);
  return t;
}

std::vector<StageBlock> transposed(const std::vector<StageBlock>& blocks) {
  std::vector<StageBlock> result;
  for (const auto& b : blocks) result.push_back(transposed(b));
  return result;
}

/// Where a symmetry class of cosines or sines has the same values up to the sign.
struct SymmetryClass {
  bool sine;
  size_t parity;  ///< of the modes k; 0 and 1 for even n, all modes for odd n
};

/// cos or -sin of 2 pi k y / n.
double basis(const SymmetryClass& c, size_t k, size_t y, size_t n) {
  const auto w = fft::root_of_unity(long(k) * long(y), long(n));
  return c.sine ? -w.imag() : w.real();
}

/// The distinct points that fold onto y.
std::vector<size_t> orbit(size_t y, size_t n) {
  std::vector<size_t> points{y, (n - y) % n};
  if (n % 2 == 0) {
    points.push_back((n + n / 2 - y) % n);
    points.push_back((n / 2 + y) % n);
  }
  std::vector<size_t> distinct;
  for (size_t p : points)
    if (std::find(distinct.begin(), distinct.end(), p) == distinct.end()) distinct.push_back(p);
  return distinct;
}

/// basis(k, point) / basis(k, y) for every k of the class: +1 or -1, or 0 where the class vanishes at y.
double sign(const SymmetryClass& c, size_t y, size_t point, size_t n) {
  const bool at_zero = y == 0, at_quarter = 4 * y == n;
  if (c.sine && (at_zero || (at_quarter && c.parity == 0))) return 0;
  if (!c.sine && at_quarter && c.parity == 1) return 0;
  if (point == y) return 1;
  const double parity_sign = c.parity == 0 ? 1 : -1;
  if (point == (n - y) % n) return c.sine ? -1 : 1;
  if (point == (n + n / 2 - y) % n) return c.sine ? -parity_sign : parity_sign;
  return parity_sign;
}

}  // namespace

ConstantStages transposed(const ConstantStages& stages) {
  return {transposed(stages.second), transposed(stages.first), stages.output_rows, stages.middle_rows,
          stages.input_rows};
}

ConstantStages folded_real_fourier(size_t n, size_t modes) {
  if (modes == 0 || modes > n / 2 + 1)
    throw ShapeError("folded_real_fourier: " + std::to_string(modes) + " modes of " + std::to_string(n) +
                     " real numbers; between 1 and " + std::to_string(n / 2 + 1) + " exist");
  const size_t parities = n % 2 == 0 ? 2 : 1, representatives = n % 2 == 0 ? n / 4 + 1 : n / 2 + 1;
  std::vector<SymmetryClass> classes;
  for (bool sine : {false, true})
    for (size_t parity = 0; parity < std::min(parities, modes); ++parity) classes.push_back({sine, parity});

  ConstantStages stages{{}, {}, n, 0, 2 * modes};
  std::vector<std::vector<size_t>> points_of(classes.size());  // representatives in a class ...
  std::vector<std::vector<int>> rows_of(classes.size());       // ... and their rows between the stages
  for (size_t y = 0; y < representatives; ++y) {
    const auto points = orbit(y, n);
    StageBlock fold;
    fold.inputs.assign(points.begin(), points.end());
    std::vector<size_t> present;
    for (size_t c = 0; c < classes.size(); ++c)
      if (sign(classes[c], y, y, n) != 0) {
        present.push_back(c);
        points_of[c].push_back(y);
        rows_of[c].push_back(int(stages.middle_rows));
        fold.outputs.push_back(int(stages.middle_rows++));
      }
    for (size_t point : points)
      for (size_t c : present) fold.entries.push_back({0, sign(classes[c], y, point, n)});
    stages.first.push_back(std::move(fold));
  }
  for (size_t c = 0; c < classes.size(); ++c) {
    StageBlock product;
    product.inputs = rows_of[c];
    std::vector<size_t> kept;
    for (size_t k = classes[c].parity; k < modes; k += parities) {
      kept.push_back(k);
      product.outputs.push_back(int(k + (classes[c].sine ? modes : 0)));
    }
    for (size_t y : points_of[c])
      for (size_t k : kept) product.entries.push_back({0, basis(classes[c], k, y, n)});
    // Without points (the sine of even modes for n = 4) the outputs are zero, and written.
    stages.second.push_back(std::move(product));
  }
  return stages;
}

}  // namespace danaus::monarch
