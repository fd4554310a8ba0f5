#include <danaus/core/instantiate.hpp>
#include <danaus/mri/training/losses.hpp>
#include <mri/training/loss_sums.hpp>

namespace danaus::mri {

namespace {

constexpr int window = 7;
constexpr int kept_terms = 3;

}  // namespace

/// magnitudes(b, y, z, 0 and 1) = |p|, |t|; largest(b, y) = max |t| of the row.
template <class R>
void magnitudes(const Exec& space, const Tensor<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                const Tensor<R, 4>& size, const Tensor<R, 2>& largest) {
  const int columns = int(p.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::magnitudes", over_rows(space, p.extent(0), p.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        R most = 0;
        for (int k = 0; k < columns; ++k) {
          const Complex<R> x = p(b, j, k, 0), y = t(b, j, k, 0);
          size(b, j, k, 0) = Kokkos::sqrt(x.real() * x.real() + x.imag() * x.imag());
          const R target = Kokkos::sqrt(y.real() * y.real() + y.imag() * y.imag());
          size(b, j, k, 1) = target;
          most = target > most ? target : most;
        }
        largest(b, j) = most;
      });
}

/// range(b) = the largest |t| of the item, 1 if that is 0.
template <class R>
void item_ranges(const Exec& space, const Tensor<R, 2>& largest, const Tensor<R, 1>& range) {
  Kokkos::parallel_for(
      "danaus::mri::item_ranges", Kokkos::RangePolicy<Exec>(space, 0, range.extent(0)),
      KOKKOS_LAMBDA(size_t b) {
        R most = 0;
        for (size_t j = 0; j < largest.extent(1); ++j) most = largest(b, j) > most ? largest(b, j) : most;
        range(b) = most > 0 ? most : R(1);
      });
}

/// Sums along z of x, y, x^2, y^2, x y over the window that begins at z.
template <class R>
void window_row_sums(const Exec& space, const Tensor<R, 4>& size, const Tensor<R, 4>& sums) {
  const int windows = int(sums.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::window_row_sums", over_rows(space, size.extent(0), size.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        for (int k = 0; k < windows; ++k) {
          R x = 0, y = 0, xx = 0, yy = 0, xy = 0;
          for (int h = 0; h < window; ++h) {
            const R u = size(b, j, k + h, 0), v = size(b, j, k + h, 1);
            x += u, y += v, xx += u * u, yy += v * v, xy += u * v;
          }
          R* to = &sums(b, j, k, 0);
          to[0] = x, to[1] = y, to[2] = xx, to[3] = yy, to[4] = xy;
        }
      });
}

/// SSIM of every window, summed per row of windows, and its derivative with respect to the pixels of |p|:
/// dSSIM/dx_i = (terms(0) + terms(1) x_i + terms(2) y_i) / n for the n pixels i of the window.
template <class R>
void window_similarity(const Exec& space, const Tensor<R, 4>& sums, const Tensor<R, 1>& range,
                       const Tensor<R, 4>& terms, const Tensor<double, 2>& rows) {
  const int windows = int(sums.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::window_similarity", over_rows(space, terms.extent(0), terms.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        const R c1 = R(0.01 * 0.01) * range(b) * range(b), c2 = R(0.03 * 0.03) * range(b) * range(b);
        double row = 0;
        for (int k = 0; k < windows; ++k) {
          R mean[5] = {};
          for (int v = 0; v < window; ++v)
            for (int q = 0; q < 5; ++q) mean[q] += sums(b, j + v, k, q);
          for (int q = 0; q < 5; ++q) mean[q] /= R(window * window);
          const R x = mean[0], y = mean[1];
          const R a1 = 2 * x * y + c1, a2 = 2 * (mean[4] - x * y) + c2;
          const R b1 = x * x + y * y + c1, b2 = mean[2] - x * x + mean[3] - y * y + c2;
          const R ssim = a1 * a2 / (b1 * b2);
          const R by_mean = (2 * y * a2 / b2 - 2 * x * ssim) / b1;
          const R by_variance = -ssim / b2, by_covariance = 2 * a1 / (b1 * b2);
          R* to = &terms(b, j, k, 0);
          to[0] = by_mean - 2 * x * by_variance - y * by_covariance;
          to[1] = 2 * by_variance;
          to[2] = by_covariance;
          row += double(ssim);
        }
        rows(b, j) = row;
      });
}

/// For every pixel of a row of windows: the sum of the terms of the windows along z that hold it.
template <class R>
void spread_along_rows(const Exec& space, const Tensor<R, 4>& terms, const Tensor<R, 4>& spread) {
  const int columns = int(spread.extent(2)), windows = int(terms.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::spread_along_rows", over_rows(space, terms.extent(0), terms.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        for (int k = 0; k < columns; ++k) {
          R sum[kept_terms] = {};
          const int first = k < window ? 0 : k - window + 1, last = k < windows ? k : windows - 1;
          for (int w = first; w <= last; ++w)
            for (int q = 0; q < kept_terms; ++q) sum[q] += terms(b, j, w, q);
          for (int q = 0; q < kept_terms; ++q) spread(b, j, k, q) = sum[q];
        }
      });
}

/// p_grad = scale * loss_grad * dSSIM/d|p| * p / |p|, or added.
template <class R>
void dissimilarity_backward(const Exec& space, const Tensor<Complex<R>, 4>& p, const Tensor<R, 4>& size,
                            const Tensor<R, 4>& spread, R scale, const Tensor<R, 0>& loss_grad, Write write,
                            const Tensor<Complex<R>, 4>& p_grad) {
  const int columns = int(p.extent(2)), windows = int(spread.extent(1));
  Kokkos::parallel_for(
      "danaus::mri::dissimilarity_backward", over_rows(space, p.extent(0), p.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        const int first = j < window ? 0 : j - window + 1, last = j < windows ? j : windows - 1;
        for (int k = 0; k < columns; ++k) {
          R sum[kept_terms] = {};
          for (int w = first; w <= last; ++w)
            for (int q = 0; q < kept_terms; ++q) sum[q] += spread(b, w, k, q);
          const R x = size(b, j, k, 0), y = size(b, j, k, 1);
          const R slope = scale * loss_grad() * (sum[0] + sum[1] * x + sum[2] * y);
          danaus::store(write, x > 0 ? p(b, j, k, 0) * (slope / x) : Complex<R>(0), p_grad(b, j, k, 0));
        }
      });
}

template <class R>
Var<R, 0> structural_dissimilarity(Tape& tape, const Var<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                                   size_t slices, R weight) {
  require_shape("mri::structural_dissimilarity: target", t, shape_of(p.value));
  const size_t items = t.extent(0), rows = t.extent(1), columns = t.extent(2);
  if (rows < size_t(window) || columns < size_t(window))
    throw ShapeError("mri::structural_dissimilarity: expected a plane of at least 7x7, found " +
                     std::to_string(rows) + "x" + std::to_string(columns));
  const size_t window_rows = rows - window + 1, window_columns = columns - window + 1;
  const auto loss = tape.output<R, 0>({});
  const auto size = tape.saved<R, 4>({items, rows, columns, 2});
  const auto terms = tape.saved<R, 4>({items, window_rows, window_columns, kept_terms});
  Workspace& scratch = tape.scratch();
  const auto mark = scratch.mark();
  const auto largest = scratch.take<R, 2>({items, rows});
  const auto range = scratch.take<R, 1>({items});
  const auto sums = scratch.take<R, 4>({items, rows, window_columns, 5});
  const auto ssim = scratch.take<double, 2>({items, window_rows});
  magnitudes<R>(tape.space(), p.value, t, size, largest);
  item_ranges<R>(tape.space(), largest, range);
  window_row_sums<R>(tape.space(), size, sums);
  window_similarity<R>(tape.space(), sums, range, terms, ssim);
  // Of one slice: the mean over its items and windows.
  const double part = double(weight) * double(slices) / double(items * window_rows * window_columns);
  sum_rows<R>(tape.space(), ssim, double(weight) * double(slices), -part, loss.value);
  scratch.release(mark);

  tape.record("danaus::mri::structural_dissimilarity", loss, [=, &scratch](const Exec& space) {
    if (!p.is_tracked()) return;
    const auto mark = scratch.mark();
    const auto spread = scratch.take<R, 4>({items, window_rows, columns, kept_terms});
    spread_along_rows<R>(space, terms, spread);
    const Write write = p.claim_grad();
    dissimilarity_backward<R>(space, p.value, size, spread, R(-part / (window * window)), loss.grad(), write,
                              p.grad());
    scratch.release(mark);
  });
  return loss;
}

#define DANAUS_INSTANTIATE(R)                                                      \
  template Var<R, 0> structural_dissimilarity<R>(Tape&, const Var<Complex<R>, 4>&, \
                                                 const Tensor<Complex<R>, 4>&, size_t, R);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
