#include <danaus/mri/solvers/total_variation.hpp>

#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::mri {

namespace {

Indices<3> over_pixels(const Exec& space, const Shape<4>& shape) {
  return {space, {0, 0, 0}, {std::int64_t(shape[0]), std::int64_t(shape[1]), std::int64_t(shape[2])}};
}

/// The dual variable: one plane of differences along y and one along z.
template <class R>
struct Dual {
  Images<R> y, z;
};

template <class R>
Dual<R> new_dual(const Shape<4>& image) {
  return {zeros<Complex<R>, 4>("danaus::mri::total_variation", image),
          zeros<Complex<R>, 4>("danaus::mri::total_variation", image)};
}

}  // namespace

/// x = v - threshold D^H p, D the forward differences.
template <class R>
void tv_primal(const Exec& space, ConstTensor<R, 1> thresholds, ConstImages<R> v, ConstImages<R> p_y,
               ConstImages<R> p_z, Images<R> x) {
  const int sets = int(v.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::tv_primal", over_pixels(space, shape_of(v)), KOKKOS_LAMBDA(int b, int j, int k) {
        for (int m = 0; m < sets; ++m) {
          // The last difference of a line is zero, and its dual variable stays zero.
          Complex<R> adjoint = -(p_y(b, j, k, m) + p_z(b, j, k, m));
          if (j > 0) adjoint += p_y(b, j - 1, k, m);
          if (k > 0) adjoint += p_z(b, j, k - 1, m);
          x(b, j, k, m) = v(b, j, k, m) - thresholds(b) * adjoint;
        }
      });
}

/// q = projection of r + D x / (8 threshold) onto |q| <= 1; r = q + carry (q - p); p = q.
template <class R>
void tv_dual(const Exec& space, ConstTensor<R, 1> thresholds, R carry, ConstImages<R> x, Images<R> p_y,
             Images<R> p_z, Images<R> r_y, Images<R> r_z) {
  const int rows = int(x.extent(1)), columns = int(x.extent(2)), sets = int(x.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::tv_dual", over_pixels(space, shape_of(x)), KOKKOS_LAMBDA(int b, int j, int k) {
        const R step = thresholds(b) > 0 ? R(1) / (R(8) * thresholds(b)) : R(0);
        for (int m = 0; m < sets; ++m) {
          const Complex<R> here = x(b, j, k, m);
          Complex<R> q_y = 0, q_z = 0;
          if (j + 1 < rows) q_y = r_y(b, j, k, m) + step * (x(b, j + 1, k, m) - here);
          if (k + 1 < columns) q_z = r_z(b, j, k, m) + step * (x(b, j, k + 1, m) - here);
          const R power = q_y.real() * q_y.real() + q_y.imag() * q_y.imag() + q_z.real() * q_z.real() +
                          q_z.imag() * q_z.imag();
          if (power > 1) {
            const R scale = R(1) / Kokkos::sqrt(power);
            q_y *= scale;
            q_z *= scale;
          }
          r_y(b, j, k, m) = q_y + carry * (q_y - p_y(b, j, k, m));
          r_z(b, j, k, m) = q_z + carry * (q_z - p_z(b, j, k, m));
          p_y(b, j, k, m) = q_y;
          p_z(b, j, k, m) = q_z;
        }
      });
}

template <class R>
void tv_rows(const Exec& space, ConstImages<R> x, Tensor<double, 2> sums) {
  const int rows = int(x.extent(1)), columns = int(x.extent(2)), sets = int(x.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::total_variation", over_rows(space, x.extent(0), x.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        double total = 0;
        for (int k = 0; k < columns; ++k)
          for (int m = 0; m < sets; ++m) {
            const Complex<R> here = x(b, j, k, m);
            const Complex<R> d_y = j + 1 < rows ? x(b, j + 1, k, m) - here : Complex<R>(0);
            const Complex<R> d_z = k + 1 < columns ? x(b, j, k + 1, m) - here : Complex<R>(0);
            const double power = double(d_y.real()) * d_y.real() + double(d_y.imag()) * d_y.imag() +
                                 double(d_z.real()) * d_z.real() + double(d_z.imag()) * d_z.imag();
            total += Kokkos::sqrt(power);
          }
        sums(b, j) = total;
      });
}

template <class R>
std::vector<double> total_variation(const Exec& space, ConstImages<R> x) {
  const auto sums = uninitialized<double, 2>("danaus::mri::total_variation", {x.extent(0), x.extent(1)});
  tv_rows<R>(space, x, sums);
  space.fence("danaus::mri::total_variation");
  const auto host = to_host(sums);
  std::vector<double> totals(x.extent(0), 0.0);
  for (size_t b = 0; b < x.extent(0); ++b)
    for (size_t j = 0; j < x.extent(1); ++j) totals[b] += host(b, j);
  return totals;
}

template <class R>
Proximal<R> total_variation_proximal(const Shape<4>& image, int steps) {
  const Dual<R> p = new_dual<R>(image), r = new_dual<R>(image);
  const Images<R> x = uninitialized<Complex<R>, 4>("danaus::mri::total_variation", image);
  return [=](const Exec& space, int, const std::vector<double>& thresholds, const Images<R>& v) {
    const auto levels = to_device_vector<R>(thresholds);
    copy(space, r.y, p.y);
    copy(space, r.z, p.z);
    double momentum = 1;
    for (int step = 0; step < steps; ++step) {
      tv_primal<R>(space, levels, v, r.y, r.z, x);
      const double following = (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
      tv_dual<R>(space, levels, R((momentum - 1) / following), x, p.y, p.z, r.y, r.z);
      momentum = following;
    }
    tv_primal<R>(space, levels, v, p.y, p.z, x);
    copy(space, v, x);
  };
}

template <class R>
size_t total_variation_workspace_bytes(const Shape<4>& image) {
  return fista_workspace_bytes<R>(image) + 5 * sizeof(Complex<R>) * size_of(image);
}

#define DANAUS_INSTANTIATE(R)                                             \
  template Proximal<R> total_variation_proximal<R>(const Shape<4>&, int); \
  template size_t total_variation_workspace_bytes<R>(const Shape<4>&);    \
  template std::vector<double> total_variation<R>(const Exec&, ConstImages<R>);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
