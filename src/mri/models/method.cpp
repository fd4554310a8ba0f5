#include <danaus/mri/models/method.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/mri/solvers/total_variation.hpp>
#include <danaus/mri/solvers/wavelet.hpp>

namespace danaus::mri {

namespace {

using KSpace = ConstTensor<Complex<float>, 4>;

constexpr int wavelet_levels = 4;
constexpr int dual_steps = 6;

void run_zero_filled(const Exec& space, const SenseOperator<float>& a, KSpace y, const MethodSettings&,
                     Images<float> x, const Monitor&) {
  a.adjoint(space, y, x);
}

void run_cg_sense(const Exec& space, const SenseOperator<float>& a, KSpace y, const MethodSettings& s,
                  Images<float> x, const Monitor& monitor) {
  cg_sense<float>(space, a, y, s.lambda, s.iterations, 1e-6, x, monitor);
}

void run_wavelet(const Exec& space, const SenseOperator<float>& a, KSpace y, const MethodSettings& s,
                 Images<float> x, const Monitor& monitor) {
  fista<float>(space, a, y, s.lambda, wavelet_proximal<float>(a.image_shape(), wavelet_levels, s.seed),
               s.iterations, x, monitor);
}

void run_total_variation(const Exec& space, const SenseOperator<float>& a, KSpace y, const MethodSettings& s,
                         Images<float> x, const Monitor& monitor) {
  fista<float>(space, a, y, s.lambda, total_variation_proximal<float>(a.image_shape(), dual_steps),
               s.iterations, x, monitor);
}

}  // namespace

MethodSettings Method::resolve(const MethodSettings& settings) const {
  MethodSettings s = settings;
  if (s.iterations < 0) s.iterations = iterations;
  if (s.lambda < 0) s.lambda = lambda;
  return s;
}

const std::vector<Method>& methods() {
  static const std::vector<Method> table{
      {"zero-filled", "SENSE image of the samples, x = A^H y", "", 0, 0, 0, run_zero_filled,
       [](const Shape<4>&) { return size_t(0); }},
      {"cg-sense", "least squares by conjugate gradients", "||A x - y||^2 + lambda ||x||^2", 30, 0.02, 0,
       run_cg_sense, cg_sense_workspace_bytes<float>},
      {"l1-wavelet", "sparse in Daubechies-4 wavelets, by FISTA with shifted grids",
       "1/2 ||A x - y||^2 + lambda max|A^H y| ||W x||_1, the coarsest band free", 60, 0.002, 0, run_wavelet,
       [](const Shape<4>& image) { return wavelet_workspace_bytes<float>(image, wavelet_levels); }},
      {"tv", "sparse gradients: total variation, by FISTA", "1/2 ||A x - y||^2 + lambda max|A^H y| TV(x)", 60,
       0.0015, 0, run_total_variation, total_variation_workspace_bytes<float>},
  };
  return table;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& method : methods()) names.push_back(method.name);
  return names;
}

const Method& find_method(const std::string& name) {
  for (const auto& method : methods())
    if (method.name == name) return method;
  throw UsageError("--method " + name + ": unknown; did you mean " + nearest_name(name, method_names()) +
                   "?");
}

}  // namespace danaus::mri
