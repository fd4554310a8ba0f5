#pragma once

#include <cstddef>
#include <vector>

namespace danaus::monarch {

/// One block of a block-diagonal stage: gathers input rows, multiplies by a small matrix, scatters to output
/// rows. An entry is factor[source] * scale.
struct StageBlock {
  struct Entry {
    int source;
    double scale;
  };
  std::vector<int> inputs, outputs;
  std::vector<Entry> entries;  ///< (outputs x inputs), column by column
};

/// A real transform of two block-diagonal stages with constant entries (the scales; sources are ignored).
struct ConstantStages {
  std::vector<StageBlock> first, second;
  size_t input_rows = 0, middle_rows = 0, output_rows = 0;
};

/// The adjoint: stages and blocks transposed.
ConstantStages transposed(const ConstantStages& stages);

/// The kept modes k = 0 .. modes - 1 of the DFT of n real numbers, as 2 * modes real rows: first all
///
///     Re X[k] = sum_y x[y] cos(2 pi k y / n),   then all   Im X[k] = -sum_y x[y] sin(2 pi k y / n).
///
/// The first stage folds: the up to four points y, n - y, n/2 - y, n/2 + y, where cosine and sine agree up to
/// the sign, are added and subtracted; the second multiplies each symmetry class by a dense matrix. For n =
/// 64 and 12 modes that is 1,300 operations instead of 3,072 for the dense product or 2,816 for two Monarch
/// stages of block 8. Any n; an odd n folds once.
ConstantStages folded_real_fourier(size_t n, size_t modes);

}  // namespace danaus::monarch
