#include <danaus/train/weight_conversion.hpp>

#include <danaus/linalg/hermitian.hpp>
#include <danaus/monarch/projection.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::train {

namespace {

using Matrix = HostTensor<double, 2>;
using Blocks = HostTensor<double, 3>;
using nn::MonarchWeightsShape;

Matrix matrix(size_t rows, size_t columns) {
  return Matrix("danaus::train::weight_conversion", rows, columns);
}
Matrix transposed(const Matrix& a) {
  const Matrix t = matrix(a.extent(1), a.extent(0));
  for (size_t i = 0; i < a.extent(0); ++i)
    for (size_t j = 0; j < a.extent(1); ++j) t(j, i) = a(i, j);
  return t;
}
Matrix product(const Matrix& a, const Matrix& b) {
  const Matrix c = matrix(a.extent(0), b.extent(1));
  for (size_t i = 0; i < a.extent(0); ++i)
    for (size_t k = 0; k < a.extent(1); ++k)
      for (size_t j = 0; j < b.extent(1); ++j) c(i, j) += a(i, k) * b(k, j);
  return c;
}
template <class F>
Matrix mapped(const Matrix& a, F f) {
  const Matrix b = matrix(a.extent(0), a.extent(1));
  for (size_t e = 0; e < a.size(); ++e) b.data()[e] = f(a.data()[e]);
  return b;
}
Matrix sum(double alpha, const Matrix& a, double beta, const Matrix& b) {
  const Matrix c = matrix(a.extent(0), a.extent(1));
  for (size_t e = 0; e < a.size(); ++e) c.data()[e] = alpha * a.data()[e] + beta * b.data()[e];
  return c;
}
double squared_norm(const Matrix& a) {
  double total = 0;
  for (size_t e = 0; e < a.size(); ++e) total += a.data()[e] * a.data()[e];
  return total;
}

/// f(eigenvalue) of a symmetric positive semidefinite matrix; eigenvalues that are rounding count as 0, where
/// f is not asked.
template <class F>
Matrix spectral_function(const Matrix& a, F f) {
  const size_t n = a.extent(0);
  std::vector<Complex<double>> entries(a.data(), a.data() + a.size());
  const auto eigen = linalg::hermitian_eigen<double>(n, std::move(entries));
  const double smallest = 1e-13 * double(n) * std::max(eigen.values.back(), 0.0);
  const Matrix result = matrix(n, n);
  for (size_t k = 0; k < n; ++k) {
    if (eigen.values[k] <= smallest) continue;
    const double value = f(eigen.values[k]);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        result(i, j) += value * (eigen.vectors[i * n + k] * Kokkos::conj(eigen.vectors[j * n + k])).real();
  }
  return result;
}

Matrix pseudo_inverse(const Matrix& gram) {
  return spectral_function(gram, [](double x) { return 1 / x; });
}

/// The orthogonal matrix nearest to b, or the identity where b does not decide on one.
Matrix nearest_rotation(const Matrix& b) {
  const size_t n = b.extent(0);
  const Matrix identity = matrix(n, n);
  for (size_t i = 0; i < n; ++i) identity(i, i) = 1;
  const auto inverse_root = [](double x) { return 1 / std::sqrt(x); };
  Matrix q = product(b, spectral_function(product(transposed(b), b), inverse_root));
  // Forming b'b loses half of the digits; Newton's steps bring them back.
  for (int step = 0; step < 2; ++step) q = sum(1.5, q, -0.5, product(q, product(transposed(q), q)));
  const double error = squared_norm(sum(1, product(transposed(q), q), -1, identity));
  return error < 1e-24 ? q : identity;
}

/// Where the entries of one slice (j, k) lie: rows are outputs, columns inputs, and r inner indices.
struct Slice {
  size_t j, k, rows, columns, rank;
  size_t first_inner;
  const MonarchWeightsShape& shape;

  size_t output(size_t row) const { return row * shape.left_blocks + j; }
  size_t input(size_t column) const { return k * shape.right_columns() + column; }
  size_t inner(size_t q) const { return first_inner + q * shape.left_blocks; }

  Matrix dense(const Matrix& weights) const {
    const Matrix s = matrix(rows, columns);
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c) s(r, c) = weights(input(c), output(r));
    return s;
  }
  void set_dense(const Matrix& s, const Matrix& weights) const {
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c) weights(input(c), output(r)) = s(r, c);
  }
  /// U (row, q)
  Matrix left(const Blocks& blocks) const {
    const Matrix u = matrix(rows, rank);
    for (size_t r = 0; r < rows; ++r)
      for (size_t q = 0; q < rank; ++q) u(r, q) = blocks(j, r, inner(q) / shape.left_blocks);
    return u;
  }
  void set_left(const Matrix& u, const Blocks& blocks) const {
    for (size_t r = 0; r < rows; ++r)
      for (size_t q = 0; q < rank; ++q) blocks(j, r, inner(q) / shape.left_blocks) = u(r, q);
  }
  /// V (column, q)
  Matrix right(const Blocks& blocks) const {
    const Matrix v = matrix(columns, rank);
    for (size_t c = 0; c < columns; ++c)
      for (size_t q = 0; q < rank; ++q) v(c, q) = blocks(k, inner(q) - k * shape.right_rows, c);
    return v;
  }
  void set_right(const Matrix& v, const Blocks& blocks) const {
    for (size_t c = 0; c < columns; ++c)
      for (size_t q = 0; q < rank; ++q) blocks(k, inner(q) - k * shape.right_rows, c) = v(c, q);
  }
};

template <class F>
void for_each_slice(const MonarchWeightsShape& shape, F f) {
  const size_t blocks = shape.left_blocks, q = shape.right_rows, p = shape.right_columns();
  for (size_t j = 0; j < blocks; ++j)
    for (size_t k = 0; k < shape.right_blocks; ++k) {
      const size_t first = k * q + (j + blocks - k * q % blocks) % blocks, end = (k + 1) * q;
      const size_t rank = first < end ? (end - first + blocks - 1) / blocks : 0;
      const size_t rows = j < shape.outputs ? (shape.outputs - j + blocks - 1) / blocks : 0;
      const size_t columns = k * p < shape.inputs ? std::min(p, shape.inputs - k * p) : 0;
      if (rank && rows && columns) f(Slice{j, k, rows, columns, rank, first, shape});
    }
}

Blocks zero_blocks(const Shape<3>& shape) {
  return Blocks("danaus::train::weight_conversion", layout_of<3>(shape));
}

struct Factors {
  Blocks left, right;
};

Factors project(const Matrix& weights, const MonarchWeightsShape& s, double* relative_error) {
  const auto rows = monarch::rows_of<double>(transposed(weights));
  monarch::ProjectionReport report;
  Factors factors;
  const bool is_nblocks = s == MonarchWeightsShape::from_nblocks(s.inputs, s.outputs, s.right_blocks);
  if (is_nblocks) {
    const auto shape = monarch::NblocksShape::make(s.outputs, s.inputs, s.right_blocks);
    const auto product = monarch::project<double>(rows, shape, {}, &report).matrix();
    factors = {product.factors()[1].blocks, product.factors()[2].blocks};
  } else {
    const monarch::MonarchShape shape{s.right_blocks, s.right_columns(), s.left_blocks, s.left_rows()};
    const auto projected = monarch::project_padded<double>(rows, shape, {}, &report).matrix();
    factors = {projected.left(), projected.right()};
  }
  require_shape("to_monarch: left", factors.left, s.left());
  require_shape("to_monarch: right", factors.right, s.right());
  if (relative_error) *relative_error = report.relative_error();
  return factors;
}

/// Marks a second moment that the factors do not tell.
constexpr double unknown = -1;

/// Gives unknown entries the mean of the others.
void fill_unknown(const Matrix& v) {
  double total = 0;
  size_t count = 0;
  for (size_t e = 0; e < v.size(); ++e) {
    if (v.data()[e] == unknown) continue;
    total += v.data()[e];
    ++count;
  }
  for (size_t e = 0; e < v.size(); ++e)
    if (v.data()[e] == unknown) v.data()[e] = count ? total / double(count) : 0;
}

Matrix multiplied_out(const Blocks& left, const Blocks& right, const MonarchWeightsShape& shape) {
  const Matrix weights = matrix(shape.inputs, shape.outputs);
  for_each_slice(shape, [&](const Slice& slice) {
    slice.set_dense(product(slice.left(left), transposed(slice.right(right))), weights);
  });
  return weights;
}

}  // namespace

MonarchWeightState to_monarch(const DenseWeightState& dense, const MonarchWeightsShape& shape,
                              double* relative_error) {
  const Shape<2> expected{shape.inputs, shape.outputs};
  require_shape("to_monarch: value", dense.value, expected);
  require_shape("to_monarch: first moment", dense.first_moment, expected);
  require_shape("to_monarch: second moment", dense.second_moment, expected);
  const bool has_average = dense.average.size() > 0;
  const Factors value = project(dense.value, shape, relative_error);
  Factors average;
  if (has_average) {
    require_shape("to_monarch: average", dense.average, expected);
    average = project(dense.average, shape, relative_error);
  }

  MonarchWeightState result;
  result.left = {value.left, zero_blocks(shape.left()), zero_blocks(shape.left()), average.left};
  result.right = {value.right, zero_blocks(shape.right()), zero_blocks(shape.right()), average.right};
  for_each_slice(shape, [&](const Slice& slice) {
    const Matrix u = slice.left(value.left), v = slice.right(value.right);
    const auto absolute = [](double x) { return std::abs(x); };
    const auto root = [](double x) { return std::sqrt(std::max(x, 0.0)); };
    const auto square = [](double x) { return x * x; };
    const Matrix m = slice.dense(dense.first_moment), roots = mapped(slice.dense(dense.second_moment), root);
    slice.set_left(product(m, v), result.left.first_moment);
    slice.set_right(product(transposed(m), u), result.right.first_moment);
    slice.set_left(mapped(product(roots, mapped(v, absolute)), square), result.left.second_moment);
    slice.set_right(mapped(product(transposed(roots), mapped(u, absolute)), square),
                    result.right.second_moment);
    if (!has_average) return;
    const Matrix ua = slice.left(average.left), va = slice.right(average.right);
    const Matrix q = nearest_rotation(sum(1, product(transposed(ua), u), 1, product(transposed(va), v)));
    slice.set_left(product(ua, q), average.left);
    slice.set_right(product(va, q), average.right);
  });
  return result;
}

DenseWeightState to_dense(const MonarchWeightState& monarch, const MonarchWeightsShape& shape,
                          std::uint64_t updates, const optim::AdamOptions& adam) {
  for (const auto* factor : {&monarch.left, &monarch.right}) {
    const Shape<3> expected = factor == &monarch.left ? shape.left() : shape.right();
    require_shape("to_dense: factor", factor->value, expected);
    require_shape("to_dense: first moment", factor->first_moment, expected);
    require_shape("to_dense: second moment", factor->second_moment, expected);
    if (factor->average.size()) require_shape("to_dense: average", factor->average, expected);
  }
  DenseWeightState result;
  result.value = multiplied_out(monarch.left.value, monarch.right.value, shape);
  if (monarch.left.average.size())
    result.average = multiplied_out(monarch.left.average, monarch.right.average, shape);
  result.first_moment = matrix(shape.inputs, shape.outputs);
  result.second_moment = matrix(shape.inputs, shape.outputs);
  fill(result.second_moment, unknown);

  const double t = double(updates), bias1 = 1 - std::pow(adam.beta1, t), bias2 = 1 - std::pow(adam.beta2, t);
  // Second moment, as stored, of a steady gradient whose first moment is stored as m: m^2 times this.
  const double steady = updates ? bias2 / (bias1 * bias1) : 0;
  for_each_slice(shape, [&](const Slice& slice) {
    const Matrix u = slice.left(monarch.left.value), v = slice.right(monarch.right.value);
    const Matrix mu = slice.left(monarch.left.first_moment), mv = slice.right(monarch.right.first_moment);
    const Matrix su = slice.left(monarch.left.second_moment), sv = slice.right(monarch.right.second_moment);
    const Matrix ut = transposed(u), vt = transposed(v);
    const Matrix a = pseudo_inverse(product(ut, u)), c = pseudo_inverse(product(vt, v));
    const Matrix b = sum(0.5, product(ut, mu), 0.5, product(transposed(mv), v));
    const Matrix ua = product(u, a), cv = product(c, vt);
    const Matrix m =
        sum(1, sum(1, product(ua, transposed(mv)), 1, product(mu, cv)), -1, product(ua, product(b, cv)));

    const auto row_sums = [](const Matrix& x, double denominator) {
      std::vector<double> sums(x.extent(0), denominator > 0 ? 0.0 : unknown);
      if (denominator > 0)
        for (size_t r = 0; r < x.extent(0); ++r)
          for (size_t q = 0; q < x.extent(1); ++q) sums[r] += x(r, q) / denominator;
      return sums;
    };
    const auto of_rows = row_sums(su, squared_norm(v)), of_columns = row_sums(sv, squared_norm(u));
    const Matrix s = matrix(slice.rows, slice.columns);
    for (size_t r = 0; r < slice.rows; ++r)
      for (size_t i = 0; i < slice.columns; ++i)
        s(r, i) = of_rows[r] == unknown && of_columns[i] == unknown
                      ? unknown
                      : std::max({of_rows[r], of_columns[i], steady * m(r, i) * m(r, i)});
    slice.set_dense(m, result.first_moment);
    slice.set_dense(s, result.second_moment);
  });
  fill_unknown(result.second_moment);
  return result;
}

}  // namespace danaus::train
