#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <string>

namespace danaus::monarch {

/// The top-left corner of a larger structured matrix, for sizes that blocks do not divide: the input is
/// filled with zeros, the output is cut. Keeps all parameters of the larger matrix, those without effect
/// included.
template <class M>
class Padded {
 public:
  using value_type = typename M::value_type;
  using T = value_type;

  /// @throws ShapeError if the corner is larger than the matrix, or empty
  Padded(const M& matrix, size_t rows, size_t columns) : matrix_(matrix), rows_(rows), columns_(columns) {
    if (rows == 0 || columns == 0 || rows > matrix.rows() || columns > matrix.columns())
      throw ShapeError("Padded: a corner of " + std::to_string(rows) + " x " + std::to_string(columns) +
                       " of a matrix of " + std::to_string(matrix.rows()) + " x " +
                       std::to_string(matrix.columns()));
  }

  const M& matrix() const { return matrix_; }
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  size_t parameters() const { return matrix_.parameters(); }
  double flops() const { return double(matrix_.flops()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const {
    return resized(matrix_.apply(resized(x, columns_, matrix_.columns())), matrix_.rows(), rows_);
  }
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const {
    return resized(matrix_.adjoint(resized(y, rows_, matrix_.rows())), matrix_.columns(), columns_);
  }
  HostTensor<T, 2> dense() const {
    const auto whole = matrix_.dense();
    const HostTensor<T, 2> corner("danaus::monarch::Padded", rows_, columns_);
    for (size_t row = 0; row < rows_; ++row)
      for (size_t column = 0; column < columns_; ++column) corner(row, column) = whole(row, column);
    return corner;
  }

 private:
  /// Vectors of `from` entries cut or filled up to `to`.
  static HostTensor<T, 2> resized(const HostTensor<T, 2>& x, size_t from, size_t to) {
    if (x.extent(1) != from)
      throw ShapeError("Padded: vectors of " + std::to_string(x.extent(1)) +
                       " entries for a matrix side of " + std::to_string(from));
    const HostTensor<T, 2> y("danaus::monarch::Padded", x.extent(0), to);
    for (size_t s = 0; s < x.extent(0); ++s)
      for (size_t t = 0; t < (from < to ? from : to); ++t) y(s, t) = x(s, t);
    return y;
  }

  M matrix_;
  size_t rows_, columns_;
};

}  // namespace danaus::monarch
