#include "stage_table.hpp"

#include <string>

namespace danaus::monarch {

namespace {

template <class T>
Tensor<T, 1> on_device(const std::string& label, const std::vector<T>& values) {
  HostTensor<T, 1> host(label, values.size());
  std::copy(values.begin(), values.end(), host.data());
  return to_device<T, 1>(host);
}

}  // namespace

StageTable make_table(const std::vector<StageBlock>& blocks, size_t input_rows, size_t output_rows) {
  std::vector<int> input_begin{0}, output_begin{0}, matrix_begin{0}, input_row, output_row, input_of,
      output_of, source;
  std::vector<double> scale;
  for (const StageBlock& b : blocks) {
    input_row.insert(input_row.end(), b.inputs.begin(), b.inputs.end());
    output_row.insert(output_row.end(), b.outputs.begin(), b.outputs.end());
    for (size_t e = 0; e < b.entries.size(); ++e) {
      input_of.push_back(b.inputs[e / b.outputs.size()]);
      output_of.push_back(b.outputs[e % b.outputs.size()]);
      source.push_back(b.entries[e].source);
      scale.push_back(b.entries[e].scale);
    }
    input_begin.push_back(int(input_row.size()));
    output_begin.push_back(int(output_row.size()));
    matrix_begin.push_back(int(source.size()));
  }
  StageTable t;
  t.input_begin = on_device("input_begin", input_begin);
  t.output_begin = on_device("output_begin", output_begin);
  t.matrix_begin = on_device("matrix_begin", matrix_begin);
  t.input_row = on_device("input_row", input_row);
  t.output_row = on_device("output_row", output_row);
  t.input_of = on_device("input_of", input_of);
  t.output_of = on_device("output_of", output_of);
  t.source = on_device("source", source);
  t.scale = on_device("scale", scale);
  t.blocks = int(blocks.size());
  t.entries = int(source.size());
  t.input_rows = int(input_rows);
  t.output_rows = int(output_rows);
  return t;
}

Tensor<int, 2> make_paths(const std::vector<StageBlock>& first, const std::vector<StageBlock>& second,
                          size_t middle) {
  HostTensor<int, 2> paths("paths", middle, 5);
  int begin = 0;
  for (const StageBlock& b : first) {
    const int rows = int(b.outputs.size());
    for (int r = 0; r < rows; ++r) {
      paths(b.outputs[r], 0) = begin + r;
      paths(b.outputs[r], 1) = rows;
      paths(b.outputs[r], 2) = int(b.inputs.size());
    }
    begin += int(b.entries.size());
  }
  begin = 0;
  for (const StageBlock& b : second) {
    const int rows = int(b.outputs.size());
    for (size_t c = 0; c < b.inputs.size(); ++c) {
      paths(b.inputs[c], 3) = begin + int(c) * rows;
      paths(b.inputs[c], 4) = rows;
    }
    begin += int(b.entries.size());
  }
  return to_device<int, 2>(paths);
}

double products_of(const StageTable& stage, Numbers outside, Numbers factors) {
  if (factors == Numbers::real) return stage.entries;
  return double(stage.entries) * (outside == Numbers::complex ? 4 : 2);
}

}  // namespace danaus::monarch
