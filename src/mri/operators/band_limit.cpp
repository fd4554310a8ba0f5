#include <danaus/mri/operators/band_limit.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::mri {

namespace {

/// Where an ordinary DFT of n points keeps what the central `kept` frequencies of a centred one are: the
/// non-negative ones at its beginning, the negative ones at its end.
struct Band {
  int non_negative, first_negative;

  Band(size_t n, size_t kept) : non_negative(int(kept - kept / 2)), first_negative(int(n - kept / 2)) {}
  KOKKOS_FUNCTION bool has(int p) const { return p < non_negative || p >= first_negative; }
};

}  // namespace

template <class R>
BandLimit<R>::BandLimit(const Shape<4>& shape, size_t rows, size_t columns)
    : shape_(shape), rows_(rows), columns_(columns) {
  if (rows > shape[1] || columns > shape[2])
    throw ShapeError("mri::BandLimit: expected at most " + std::to_string(shape[1]) + "x" +
                     std::to_string(shape[2]) + " samples, found " + std::to_string(rows) + "x" +
                     std::to_string(columns));
  if (rows == shape[1] && columns == shape[2]) return;
  forward_.emplace(fft::geometry(shape, 1, 2), fft::Direction::forward);
  backward_.emplace(fft::geometry(shape, 1, 2), fft::Direction::backward);
}

/// v *= B / (n_y n_z)
template <class R>
void clear_outside_band(const Exec& space, size_t rows, size_t columns, const Tensor<Complex<R>, 4>& v) {
  const Band along_y(v.extent(1), rows), along_z(v.extent(2), columns);
  const R scale = R(1 / double(v.extent(1) * v.extent(2)));
  const int all_columns = int(v.extent(2)), channels = int(v.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::clear_outside_band", over_rows(space, v.extent(0), v.extent(1)),
      KOKKOS_LAMBDA(int b, int p) {
        const R row = along_y.has(p) ? scale : R(0);
        for (int q = 0; q < all_columns; ++q) {
          const R factor = along_z.has(q) ? row : R(0);
          for (int c = 0; c < channels; ++c) v(b, p, q, c) *= factor;
        }
      });
}

template <class R>
void BandLimit<R>::operator()(const Exec& space, ConstTensor<Complex<R>, 4> x,
                              Tensor<Complex<R>, 4> y) const {
  require_shape("mri::BandLimit: x", x, shape_);
  require_shape("mri::BandLimit: y", y, shape_);
  if (is_identity()) {
    if (x.data() != y.data()) copy(space, y, x);
    return;
  }
  (*forward_)(space, x, y);
  clear_outside_band<R>(space, rows_, columns_, y);
  (*backward_)(space, y, y);
}

#define DANAUS_INSTANTIATE(R) template class BandLimit<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
