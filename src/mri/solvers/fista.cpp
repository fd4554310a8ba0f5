#include <danaus/mri/solvers/fista.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::mri {

template <class R>
void fista(const Exec& space, const SenseOperator<R>& a, ConstTensor<Complex<R>, 4> y, double lambda,
           const Proximal<R>& proximal, int iterations, Images<R> x, const Monitor& monitor) {
  if (!(lambda >= 0)) throw UsageError("expected lambda of at least 0, found " + std::to_string(lambda));
  require_shape("mri::fista: x", x, a.image_shape());
  const auto scratch = [&] { return uninitialized<Complex<R>, 4>("danaus::mri::fista", a.image_shape()); };
  const Images<R> data = scratch(), z = scratch(), next = scratch();
  a.adjoint(space, y, data);
  fill(space, x, Complex<R>(0));
  fill(space, z, Complex<R>(0));
  const double eigenvalue = a.largest_eigenvalue();
  if (!(eigenvalue > 0)) return;  // no samples, or no sensitivities
  const double step = 1 / eigenvalue;
  std::vector<double> thresholds = item_max_abs<R>(space, data);
  for (double& t : thresholds) t *= lambda * step;

  double momentum = 1;
  for (int k = 1; k <= iterations; ++k) {
    // next = prox(z - step (A^H A z - A^H y))
    a.normal(space, z, next);
    combine<R>(space, R(1), z, R(-step), next, next);
    combine<R>(space, R(1), next, R(step), data, next);
    proximal(space, k, thresholds, next);
    const double following = (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
    const double carry = (momentum - 1) / following;
    momentum = following;
    // z = next + carry (next - x)
    combine<R>(space, R(1 + carry), next, R(-carry), x, z);
    if (monitor) {
      combine<R>(space, R(1), next, R(-1), x, x);
      auto change = item_dots<R>(space, x, x);
      const auto norm = item_dots<R>(space, next, next);
      for (size_t b = 0; b < change.size(); ++b) change[b] = norm[b] > 0 ? std::sqrt(change[b] / norm[b]) : 0;
      monitor(k, change);
    }
    copy(space, x, next);
  }
}

template <class R>
size_t fista_workspace_bytes(const Shape<4>& image) {
  return 3 * sizeof(Complex<R>) * size_of(image);
}

#define DANAUS_INSTANTIATE(R)                                                                      \
  template void fista<R>(const Exec&, const SenseOperator<R>&, ConstTensor<Complex<R>, 4>, double, \
                         const Proximal<R>&, int, Images<R>, const Monitor&);                      \
  template size_t fista_workspace_bytes<R>(const Shape<4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
