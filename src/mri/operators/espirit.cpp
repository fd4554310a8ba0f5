#include <danaus/mri/operators/espirit.hpp>

#include <danaus/core/error.hpp>
#include <danaus/linalg/hermitian.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace danaus::mri {

namespace {

using Matrix = std::vector<Complex<double>>;

constexpr int largest_iterations = 30;
constexpr float converged = 1e-5f;

/// The centre square of all echoes, (echo, y, z, coil).
std::vector<Complex<double>> calibration_square(const HostTensor<Complex<float>, 4>& kspace, size_t edge) {
  const size_t rows = kspace.extent(1), columns = kspace.extent(2), coils = kspace.extent(3);
  std::vector<Complex<double>> square;
  square.reserve(kspace.extent(0) * edge * edge * coils);
  double power = 0;
  for (size_t e = 0; e < kspace.extent(0); ++e)
    for (size_t j = 0; j < edge; ++j)
      for (size_t k = 0; k < edge; ++k) {
        double sample = 0;
        for (size_t c = 0; c < coils; ++c) {
          const Complex<float> v = kspace(e, rows / 2 - edge / 2 + j, columns / 2 - edge / 2 + k, c);
          square.emplace_back(v.real(), v.imag());
          sample += double(v.real()) * v.real() + double(v.imag()) * v.imag();
        }
        if (sample == 0)
          throw DataError("espirit: the centre " + std::to_string(edge) + " x " + std::to_string(edge) +
                          " samples are not all there; a smaller --calibration may be");
        power += sample;
      }
  if (!(power > 0)) throw DataError("espirit: no signal in the calibration square");
  return square;
}

/// Sum over all patches p of p p^H, entries (coil, u_y, u_z) of a patch.
Matrix patch_covariance(const std::vector<Complex<double>>& square, size_t echoes, size_t edge, size_t coils,
                        size_t kernel) {
  const size_t steps = edge - kernel + 1, length = coils * kernel * kernel;
  Matrix rows;
  rows.reserve(echoes * steps * steps * length);
  for (size_t e = 0; e < echoes; ++e)
    for (size_t j = 0; j < steps; ++j)
      for (size_t k = 0; k < steps; ++k)
        for (size_t c = 0; c < coils; ++c)
          for (size_t u = 0; u < kernel; ++u)
            for (size_t v = 0; v < kernel; ++v)
              // Conjugated, so that A^H A is the sum of p p^H.
              rows.push_back(Kokkos::conj(square[((e * edge + j + u) * edge + k + v) * coils + c]));
  return linalg::gram<double>(echoes * steps * steps, length, rows);
}

/// Projection onto the eigenvectors whose singular value exceeds the threshold, as real and imaginary parts
/// summed over equal lags: (lag_y, lag_z, coil c, coil d), divided by kernel^2.
struct Lags {
  size_t count;  // per axis
  std::vector<float> re, im;
};

Lags kernel_lags(const Matrix& covariance, size_t coils, size_t kernel, double threshold) {
  const size_t length = coils * kernel * kernel;
  const auto eigen = linalg::hermitian_eigen<double>(length, covariance);
  const double largest = std::max(eigen.values.back(), 0.0);
  size_t first = 0;
  while (first < length && eigen.values[first] <= threshold * threshold * largest) ++first;
  // Rows are conj(v): their Gram matrix is sum_k v_i conj(v_j).
  Matrix kept((length - first) * length);
  for (size_t k = first; k < length; ++k)
    for (size_t i = 0; i < length; ++i)
      kept[(k - first) * length + i] = Kokkos::conj(eigen.vectors[i * length + k]);
  const Matrix projection = linalg::gram<double>(length - first, length, kept);

  Lags lags{2 * kernel - 1, {}, {}};
  const size_t pairs = coils * coils;
  std::vector<double> re(lags.count * lags.count * pairs), im(re.size());
  const double scale = 1 / double(kernel * kernel);
  for (size_t c = 0; c < coils; ++c)
    for (size_t u = 0; u < kernel * kernel; ++u)
      for (size_t d = 0; d < coils; ++d)
        for (size_t v = 0; v < kernel * kernel; ++v) {
          const size_t lag_y = u / kernel + kernel - 1 - v / kernel,
                       lag_z = u % kernel + kernel - 1 - v % kernel;
          const Complex<double> p = projection[(c * kernel * kernel + u) * length + d * kernel * kernel + v];
          const size_t at = (lag_y * lags.count + lag_z) * pairs + c * coils + d;
          re[at] += scale * p.real(), im[at] += scale * p.imag();
        }
  lags.re.assign(re.begin(), re.end()), lags.im.assign(im.begin(), im.end());
  return lags;
}

/// exp(2 pi i lag (j - n / 2) / n) for lag = -(count - 1) / 2 .. (count - 1) / 2.
void turns(size_t j, size_t n, size_t count, std::vector<Complex<float>>& turn) {
  const double position = (double(j) - double(n / 2)) / double(n);
  turn.resize(count);
  for (size_t l = 0; l < count; ++l) {
    const double angle = 2 * std::numbers::pi * (double(l) - double(count / 2)) * position;
    turn[l] = Complex<float>(float(std::cos(angle)), float(std::sin(angle)));
  }
}

/// to += turn * from, on split numbers.
void add_turned(Complex<float> turn, const float* re, const float* im, size_t size, float* to_re,
                float* to_im) {
  const float a = turn.real(), b = turn.imag();
  for (size_t i = 0; i < size; ++i) {
    to_re[i] += a * re[i] - b * im[i];
    to_im[i] += a * im[i] + b * re[i];
  }
}

/// The leading eigenvectors of Hermitian matrices by orthogonal iteration from a first guess.
class Eigenvectors {
 public:
  Eigenvectors(size_t coils, size_t count)
      : n_(coils), count_(count), value_(count), re_(count * coils), im_(re_), w_re_(coils), w_im_(coils) {}

  /// Unit vectors that no symmetry of the coils favours.
  void restart() {
    for (size_t i = 0; i < re_.size(); ++i) {
      const double angle = 2.4 * double(i + 1) * double(i + 1);
      re_[i] = float(std::cos(angle) / std::sqrt(double(n_)));
      im_[i] = float(std::sin(angle) / std::sqrt(double(n_)));
    }
  }

  void find(const float* g_re, const float* g_im) {
    for (int iteration = 0; iteration < largest_iterations; ++iteration) {
      float change = 0;
      for (size_t m = 0; m < count_; ++m) change = std::max(change, step(g_re, g_im, m));
      if (change < converged) return;
    }
  }

  float value(size_t m) const { return value_[m]; }
  Complex<float> entry(size_t m, size_t c) const { return {re_[m * n_ + c], im_[m * n_ + c]}; }

 private:
  /// v_m <- normalised G v_m minus its parts along the vectors before; @return the change of the eigenvalue
  float step(const float* g_re, const float* g_im, size_t m) {
    float* v_re = &re_[m * n_];
    float* v_im = &im_[m * n_];
    std::fill(w_re_.begin(), w_re_.end(), 0.0f);
    std::fill(w_im_.begin(), w_im_.end(), 0.0f);
    // Column by column: G is Hermitian, so column d is the conjugate of row d.
    for (size_t d = 0; d < n_; ++d) {
      const float a = v_re[d], b = v_im[d];
      const float* row_re = g_re + d * n_;
      const float* row_im = g_im + d * n_;
      for (size_t c = 0; c < n_; ++c) {
        w_re_[c] += a * row_re[c] + b * row_im[c];
        w_im_[c] += b * row_re[c] - a * row_im[c];
      }
    }
    for (size_t p = 0; p < m; ++p) {
      const float* u_re = &re_[p * n_];
      const float* u_im = &im_[p * n_];
      float dot_re = 0, dot_im = 0;
      for (size_t c = 0; c < n_; ++c) {
        dot_re += u_re[c] * w_re_[c] + u_im[c] * w_im_[c];
        dot_im += u_re[c] * w_im_[c] - u_im[c] * w_re_[c];
      }
      for (size_t c = 0; c < n_; ++c) {
        w_re_[c] -= dot_re * u_re[c] - dot_im * u_im[c];
        w_im_[c] -= dot_re * u_im[c] + dot_im * u_re[c];
      }
    }
    float power = 0, change = 0;
    for (size_t c = 0; c < n_; ++c) power += w_re_[c] * w_re_[c] + w_im_[c] * w_im_[c];
    const float norm = std::sqrt(power), inverse = norm > 0 ? 1 / norm : 0;
    for (size_t c = 0; c < n_; ++c) {
      const float x = w_re_[c] * inverse, y = w_im_[c] * inverse;
      change = std::max(change, std::max(std::abs(x - v_re[c]), std::abs(y - v_im[c])));
      v_re[c] = x, v_im[c] = y;
    }
    value_[m] = norm;
    return change;
  }

  size_t n_, count_;
  std::vector<float> value_, re_, im_, w_re_, w_im_;
};

/// The combination of coils with most signal in the calibration square.
std::vector<Complex<double>> dominant_combination(const std::vector<Complex<double>>& square, size_t coils) {
  std::vector<Complex<double>> conjugated(square.size());
  for (size_t i = 0; i < square.size(); ++i) conjugated[i] = Kokkos::conj(square[i]);
  const auto eigen =
      linalg::hermitian_eigen<double>(coils, linalg::gram<double>(square.size() / coils, coils, conjugated));
  std::vector<Complex<double>> vector(coils);
  for (size_t c = 0; c < coils; ++c) vector[c] = eigen.vectors[c * coils + coils - 1];
  return vector;
}

}  // namespace

EspiritMaps espirit(const HostTensor<Complex<float>, 4>& kspace, const EspiritOptions& o) {
  const size_t rows = kspace.extent(1), columns = kspace.extent(2), coils = kspace.extent(3);
  if (o.calibration > std::min(rows, columns) || o.kernel < 2 || o.kernel > o.calibration ||
      o.map_count < 1 || o.map_count > coils)
    throw UsageError("espirit: expected a kernel of 2 to " + std::to_string(o.calibration) +
                     " in a calibration square of at most " + std::to_string(std::min(rows, columns)) +
                     " and 1 to " + std::to_string(coils) + " maps, found kernel " +
                     std::to_string(o.kernel) + ", calibration " + std::to_string(o.calibration) + ", maps " +
                     std::to_string(o.map_count));
  const auto square = calibration_square(kspace, o.calibration);
  const Lags lags = kernel_lags(patch_covariance(square, kspace.extent(0), o.calibration, coils, o.kernel),
                                coils, o.kernel, o.singular_threshold);
  const auto reference = dominant_combination(square, coils);

  EspiritMaps result;
  result.maps = HostTensor<Complex<float>, 4>("maps", rows, columns, coils, o.map_count);
  result.eigenvalues = HostTensor<float, 3>("eigenvalues", rows, columns, o.map_count);
  const size_t pairs = coils * coils;
  using Host = Kokkos::DefaultHostExecutionSpace;
  Kokkos::parallel_for("danaus::mri::espirit", Kokkos::RangePolicy<Host>(0, rows), [&](size_t j) {
    std::vector<Complex<float>> turn;
    std::vector<float> line_re(lags.count * pairs, 0.0f), line_im(line_re), g_re(pairs), g_im(pairs);
    turns(j, rows, lags.count, turn);
    for (size_t l = 0; l < lags.count; ++l)
      add_turned(turn[l], &lags.re[l * lags.count * pairs], &lags.im[l * lags.count * pairs],
                 lags.count * pairs, line_re.data(), line_im.data());
    Eigenvectors eigenvectors(coils, o.map_count);
    eigenvectors.restart();
    for (size_t k = 0; k < columns; ++k) {
      std::fill(g_re.begin(), g_re.end(), 0.0f);
      std::fill(g_im.begin(), g_im.end(), 0.0f);
      turns(k, columns, lags.count, turn);
      for (size_t l = 0; l < lags.count; ++l)
        add_turned(turn[l], &line_re[l * pairs], &line_im[l * pairs], pairs, g_re.data(), g_im.data());
      // Neighbours are alike: the last pixel's vectors are close.
      eigenvectors.find(g_re.data(), g_im.data());
      for (size_t m = 0; m < o.map_count; ++m) {
        result.eigenvalues(j, k, m) = eigenvectors.value(m);
        if (eigenvectors.value(m) < float(o.crop)) continue;
        Complex<double> overlap = 0;
        for (size_t c = 0; c < coils; ++c) {
          const auto s = eigenvectors.entry(m, c);
          overlap += Kokkos::conj(reference[c]) * Complex<double>(s.real(), s.imag());
        }
        const double modulus = Kokkos::abs(overlap);
        const Complex<double> turn_back = modulus > 0 ? Kokkos::conj(overlap) / modulus : Complex<double>(1);
        const Complex<float> phase(float(turn_back.real()), float(turn_back.imag()));
        for (size_t c = 0; c < coils; ++c) result.maps(j, k, c, m) = phase * eigenvectors.entry(m, c);
      }
    }
  });
  Host().fence();
  return result;
}

size_t espirit_bytes(size_t rows, size_t columns, size_t coils, const EspiritOptions& o) {
  const size_t length = coils * o.kernel * o.kernel,
               steps = o.calibration - std::min(o.calibration, o.kernel) + 1;
  const size_t lags = (2 * o.kernel - 1) * (2 * o.kernel - 1) * coils * coils;
  return sizeof(Complex<float>) * rows * columns * (coils + 1) * o.map_count +
         sizeof(Complex<double>) * (4 * length * length + steps * steps * length + lags);
}

}  // namespace danaus::mri
