#include <danaus/monarch/projection.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/slices.hpp>

#include <algorithm>
#include <string>

namespace danaus::monarch {

namespace {

template <class T>
void require_size(const RowSource<T>& a, size_t rows, size_t columns) {
  if (a.rows != rows || a.columns != columns)
    throw ShapeError("project: a matrix of " + std::to_string(a.rows) + " x " + std::to_string(a.columns) +
                     " onto Monarch matrices of " + std::to_string(rows) + " x " + std::to_string(columns));
}

/// Rows first, first + step, ... below `end`.
std::vector<size_t> progression(size_t first, size_t step, size_t end) {
  std::vector<size_t> list;
  for (size_t t = first; t < end; t += step) list.push_back(t);
  return list;
}

/// Rows l J + j and columns k I + i of a shape, those below `rows` and `columns`.
SliceGrid grid_of(const MonarchShape& shape, size_t rows, size_t columns) {
  SliceGrid grid;
  for (size_t j = 0; j < shape.left_blocks; ++j) grid.rows.push_back(progression(j, shape.left_blocks, rows));
  for (size_t k = 0; k < shape.right_blocks; ++k)
    grid.columns.push_back(
        progression(k * shape.right_columns, 1, std::min((k + 1) * shape.right_columns, columns)));
  return grid;
}

template <class T>
MonarchMatrix<T> project_onto(const RowSource<T>& a, const MonarchShape& shape, const SliceGrid& grid,
                              const std::vector<size_t>& input_permutation, const ProjectionOptions& options,
                              ProjectionReport* report) {
  const HostTensor<T, 3> left("danaus::monarch::left", layout_of<3>(shape.left())),
      right("danaus::monarch::right", layout_of<3>(shape.right()));
  project_slices<T>(
      a, grid, [](size_t, size_t) { return size_t(1); },
      [&](size_t j, size_t k, const SliceFactors<T>& f) {
        for (size_t l = 0; l < f.left.size(); ++l) left(j, l, k) = f.left[l];
        for (size_t i = 0; i < f.right.size(); ++i) right(k, j, i) = f.right[i];
      },
      options, report);
  return MonarchMatrix<T>(left, right, input_permutation);
}

}  // namespace

template <class T>
RowSource<T> rows_of(const HostTensor<T, 2>& a) {
  return {a.extent(0), a.extent(1), [a](size_t first, size_t count, T* data) {
            std::copy_n(a.data() + first * a.extent(1), count * a.extent(1), data);
          }};
}

template <class T>
MonarchMatrix<T> project(const RowSource<T>& a, const MonarchShape& shape,
                         const std::vector<size_t>& input_permutation, const ProjectionOptions& options,
                         ProjectionReport* report) {
  require_size(a, shape.rows(), shape.columns());
  SliceGrid grid = grid_of(shape, shape.rows(), shape.columns());
  if (!input_permutation.empty()) {
    if (input_permutation.size() != shape.columns() ||
        *std::max_element(input_permutation.begin(), input_permutation.end()) >= shape.columns())
      throw ShapeError("project: expected an input permutation of " + std::to_string(shape.columns()) +
                       " columns, found " + std::to_string(input_permutation.size()) + " numbers");
    for (auto& columns : grid.columns)
      for (size_t& column : columns) column = input_permutation[column];
  }
  return project_onto(a, shape, grid, input_permutation, options, report);
}

template <class T>
Padded<MonarchMatrix<T>> project_padded(const RowSource<T>& a, const MonarchShape& shape,
                                        const ProjectionOptions& options, ProjectionReport* report) {
  if (a.rows > shape.rows() || a.columns > shape.columns()) require_size(a, shape.rows(), shape.columns());
  return {project_onto(a, shape, grid_of(shape, a.rows, a.columns), {}, options, report), a.rows, a.columns};
}

template <class T>
BlockTensorTrain<T> project_with_rank(const RowSource<T>& a, const MonarchShape& shape, size_t rank,
                                      const ProjectionOptions& options, ProjectionReport* report) {
  require_size(a, shape.rows(), shape.columns());
  const BlockTensorTrain<T> result(shape, rank);
  project_slices<T>(
      a, grid_of(shape, shape.rows(), shape.columns()), [rank](size_t, size_t) { return rank; },
      [&](size_t j, size_t k, const SliceFactors<T>& f) {
        for (size_t q = 0; q < f.rank; ++q) {
          for (size_t l = 0; l < shape.left_rows; ++l)
            result.left()(j, l, k * rank + q) = f.left[q * shape.left_rows + l];
          for (size_t i = 0; i < shape.right_columns; ++i)
            result.right()(k, j * rank + q, i) = f.right[q * shape.right_columns + i];
        }
      },
      options, report);
  return result;
}

template <class T>
RectangularMonarch<T> project(const RowSource<T>& a, const RectangularShape& s,
                              const ProjectionOptions& options, ProjectionReport* report) {
  require_size(a, s.rows(), s.columns());
  const RectangularMonarch<T> result(s);
  SliceGrid grid;
  for (size_t j = 0; j < s.residues(); ++j) {
    std::vector<size_t> rows;
    for (size_t l = 0; l < s.left_block_rows; ++l)
      for (size_t o = j; o < s.left_rows; o += s.residues()) rows.push_back(l * s.left_rows + o);
    grid.rows.push_back(rows);
  }
  for (size_t k = 0; k < s.right_blocks; ++k)
    grid.columns.push_back(progression(k * s.right_columns, 1, (k + 1) * s.right_columns));
  // Inner indices j, j + b3, ... of a block feed the outputs of residue j.
  const auto rank = [&](size_t j, size_t) { return progression(j, s.residues(), s.right_rows).size(); };
  project_slices<T>(
      a, grid, rank,
      [&](size_t j, size_t k, const SliceFactors<T>& f) {
        const size_t outputs = grid.rows[j].size();
        for (size_t q = 0; q < f.rank; ++q) {
          const size_t inner = j + q * s.residues();
          for (size_t r = 0; r < outputs; ++r) {
            const size_t l = grid.rows[j][r] / s.left_rows, o = grid.rows[j][r] % s.left_rows;
            result.left()(l, k, std::max(inner, o)) = f.left[q * outputs + r];
          }
          for (size_t i = 0; i < s.right_columns; ++i)
            result.right()(k, inner, i) = f.right[q * s.right_columns + i];
        }
      },
      options, report);
  return result;
}

template <class T>
NblocksMatrix<T> project(const RowSource<T>& a, const NblocksShape& shape, const ProjectionOptions& options,
                         ProjectionReport* report) {
  require_size(a, shape.outputs, shape.inputs);
  const size_t n = shape.nblocks, p = shape.input_width(), s = shape.output_width(), q = shape.inner_width();
  const HostTensor<T, 3> left("danaus::monarch::left", n, s, q), right("danaus::monarch::right", n, q, p);
  // Inner indices of right block k that feed left block j.
  const auto first_inner = [=](size_t j, size_t k) { return k * q + (j + n - k * q % n) % n; };
  const auto inner = [=](size_t j, size_t k) { return progression(first_inner(j, k), n, (k + 1) * q); };
  project_slices<T>(
      a, grid_of({n, p, n, s}, shape.outputs, shape.inputs),
      [&](size_t j, size_t k) { return inner(j, k).size(); },
      [&](size_t j, size_t k, const SliceFactors<T>& f) {
        const auto list = inner(j, k);
        const size_t outputs = f.left.size() / f.rank, inputs = f.right.size() / f.rank;
        for (size_t r = 0; r < f.rank; ++r) {
          for (size_t row = 0; row < outputs; ++row) left(j, row, list[r] / n) = f.left[r * outputs + row];
          for (size_t i = 0; i < inputs; ++i) right(k, list[r] % q, i) = f.right[r * inputs + i];
        }
      },
      options, report);
  return NblocksMatrix<T>(shape, left, right);
}

#define DANAUS_INSTANTIATE(T)                                                                                \
  template RowSource<T> rows_of<T>(const HostTensor<T, 2>&);                                                 \
  template MonarchMatrix<T> project<T>(const RowSource<T>&, const MonarchShape&, const std::vector<size_t>&, \
                                       const ProjectionOptions&, ProjectionReport*);                         \
  template Padded<MonarchMatrix<T>> project_padded<T>(const RowSource<T>&, const MonarchShape&,              \
                                                      const ProjectionOptions&, ProjectionReport*);          \
  template BlockTensorTrain<T> project_with_rank<T>(const RowSource<T>&, const MonarchShape&, size_t,        \
                                                    const ProjectionOptions&, ProjectionReport*);            \
  template RectangularMonarch<T> project<T>(const RowSource<T>&, const RectangularShape&,                    \
                                            const ProjectionOptions&, ProjectionReport*);                    \
  template NblocksMatrix<T> project<T>(const RowSource<T>&, const NblocksShape&, const ProjectionOptions&,   \
                                       ProjectionReport*);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
