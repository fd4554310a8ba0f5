#include <danaus/mri/solvers/cg_sense.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::mri {

template <class R>
void cg_sense(const Exec& space, const SenseOperator<R>& a, ConstTensor<Complex<R>, 4> y, double lambda,
              int iterations, double tolerance, Images<R> x, const Monitor& monitor) {
  if (!(lambda >= 0))
    throw UsageError("cg-sense: expected lambda of at least 0, found " + std::to_string(lambda));
  require_shape("mri::cg_sense: x", x, a.image_shape());
  const auto scratch = [&] { return uninitialized<Complex<R>, 4>("danaus::mri::cg_sense", a.image_shape()); };
  const Images<R> r = scratch(), p = scratch(), q = scratch();
  a.adjoint(space, y, r);
  fill(space, x, Complex<R>(0));
  copy(space, p, r);
  const std::vector<double> start = item_dots<R>(space, r, r);
  std::vector<double> rr = start, step(rr.size()), back(rr.size()), residual(rr.size());
  const std::vector<double> lambdas(rr.size(), lambda);
  for (int k = 1; k <= iterations; ++k) {
    a.normal(space, p, q);
    if (lambda > 0) add_scaled_items<R>(space, lambdas, p, q);
    const std::vector<double> pq = item_dots<R>(space, p, q);
    bool any = false;
    for (size_t b = 0; b < rr.size(); ++b) {
      const bool done = rr[b] <= tolerance * tolerance * start[b] || !(pq[b] > 0);
      step[b] = done ? 0 : rr[b] / pq[b];
      any = any || !done;
    }
    if (!any) break;
    add_scaled_items<R>(space, step, p, x);
    for (double& s : step) s = -s;
    add_scaled_items<R>(space, step, q, r);
    const std::vector<double> next = item_dots<R>(space, r, r);
    for (size_t b = 0; b < rr.size(); ++b) {
      back[b] = rr[b] > 0 ? next[b] / rr[b] : 0;
      rr[b] = next[b];
      residual[b] = start[b] > 0 ? std::sqrt(rr[b] / start[b]) : 0;
    }
    scale_and_add_items<R>(space, r, back, p);
    if (monitor) monitor(k, residual);
  }
}

template <class R>
size_t cg_sense_workspace_bytes(const Shape<4>& image) {
  return 3 * sizeof(Complex<R>) * size_of(image);
}

#define DANAUS_INSTANTIATE(R)                                                                              \
  template void cg_sense<R>(const Exec&, const SenseOperator<R>&, ConstTensor<Complex<R>, 4>, double, int, \
                            double, Images<R>, const Monitor&);                                            \
  template size_t cg_sense_workspace_bytes<R>(const Shape<4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
