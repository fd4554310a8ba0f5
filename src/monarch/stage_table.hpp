#pragma once

// The index tables of AxisTransform, from blocks on the host.

#include <danaus/monarch/axis_transform.hpp>

namespace danaus::monarch {

StageTable make_table(const std::vector<StageBlock>& blocks, size_t input_rows, size_t output_rows);

/// The entries through each middle row: a row of a block of the first stage, a column of one of the second.
/// (middle row, 5): first entry, stride and number in the first stage, first entry and number in the second.
Tensor<int, 2> make_paths(const std::vector<StageBlock>& first, const std::vector<StageBlock>& second,
                          size_t middle);

/// Real multiplications of a stage for one lane.
/// @param outside  the numbers on the side that is not the middle, which is complex if the factors are
double products_of(const StageTable& stage, Numbers outside, Numbers factors);

}  // namespace danaus::monarch
