#include <danaus/mri/training/losses.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/core/team.hpp>
#include <mri/training/loss_sums.hpp>

namespace danaus::mri {

const std::vector<std::string>& image_loss_names() {
  static const std::vector<std::string> names{"l1", "l2", "ssim-l1"};
  return names;
}

ImageLoss parse_image_loss(const std::string& name) {
  const auto& names = image_loss_names();
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return ImageLoss(i);
  throw UsageError("loss: unknown " + name + "; did you mean " + nearest_name(name, names) + "?");
}

/// rows(b, y) = sum over the row of |p - t| or its square.
template <class R>
void row_errors(const Exec& space, const Tensor<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                bool squared, const Tensor<double, 2>& rows) {
  const size_t row = p.extent(2) * p.extent(3);
  Kokkos::parallel_for(
      "danaus::mri::row_errors", over_rows(space, p.extent(0), p.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        double sum = 0;
        const Complex<R>*prediction = &p(b, j, 0, 0), *target = &t(b, j, 0, 0);
        for (size_t k = 0; k < row; ++k) {
          const Complex<R> d = prediction[k] - target[k];
          const R square = d.real() * d.real() + d.imag() * d.imag();
          sum += double(squared ? square : Kokkos::sqrt(square));
        }
        rows(b, j) = sum;
      });
}

template <class R>
void sum_rows(const Exec& space, const Tensor<double, 2>& rows, double offset, double scale,
              const Tensor<R, 0>& out) {
  Kokkos::parallel_for(
      "danaus::mri::sum_rows", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(int) {
        double sum = 0;
        for (size_t b = 0; b < rows.extent(0); ++b)
          for (size_t j = 0; j < rows.extent(1); ++j) sum += rows(b, j);
        out() = R(offset + scale * sum);
      });
}

template <class R>
void mean_error_backward(const Exec& space, const Tensor<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                         bool squared, R scale, const Tensor<R, 0>& loss_grad, Write write,
                         const Tensor<Complex<R>, 4>& p_grad) {
  const Complex<R>*prediction = p.data(), *target = t.data();
  Complex<R>* to = p_grad.data();
  Kokkos::parallel_for(
      "danaus::mri::mean_error_backward", over_entries(space, p), KOKKOS_LAMBDA(size_t i) {
        const Complex<R> d = prediction[i] - target[i];
        const R size = Kokkos::sqrt(d.real() * d.real() + d.imag() * d.imag());
        const R factor = squared ? R(2) : size > 0 ? 1 / size : R(0);
        danaus::store(write, loss_grad() * scale * factor * d, to[i]);
      });
}

template <class R>
Var<R, 0> mean_error(Tape& tape, const Var<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t, size_t slices,
                     bool squared, R weight) {
  require_shape("mri::mean_error: target", t, shape_of(p.value));
  const auto loss = tape.output<R, 0>({});
  const double scale = double(weight) * double(slices) / double(t.size());
  const auto mark = tape.scratch().mark();
  const auto rows = tape.scratch().take<double, 2>({t.extent(0), t.extent(1)});
  row_errors<R>(tape.space(), p.value, t, squared, rows);
  sum_rows<R>(tape.space(), rows, 0, scale, loss.value);
  tape.scratch().release(mark);
  tape.record("danaus::mri::mean_error", loss, [=](const Exec& space) {
    if (!p.is_tracked()) return;
    const Write write = p.claim_grad();
    mean_error_backward<R>(space, p.value, t, squared, R(scale), loss.grad(), write, p.grad());
  });
  return loss;
}

/// sums(s) = ||p - t|| / ||t|| over the items of slice s.
template <class R>
void relative_errors(const Exec& space, const Tensor<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                     const Tensor<double, 2>& errors) {
  const size_t size = p.size() / errors.extent(0);
  const Complex<R>*prediction = p.data(), *target = t.data();
  Kokkos::parallel_for(
      "danaus::mri::relative_errors", team_policy(space, errors.extent(0), 1024, 1, 0),
      KOKKOS_LAMBDA(const Member& team) {
        const size_t s = size_t(team.league_rank());
        const auto squares = [](const Complex<R>& z) {
          return double(z.real()) * double(z.real()) + double(z.imag()) * double(z.imag());
        };
        double error = 0, norm = 0;
        Kokkos::parallel_reduce(
            Kokkos::TeamThreadRange(team, s * size, (s + 1) * size),
            [&](size_t i, double& sum) { sum += squares(prediction[i] - target[i]); }, error);
        Kokkos::parallel_reduce(
            Kokkos::TeamThreadRange(team, s * size, (s + 1) * size),
            [&](size_t i, double& sum) { sum += squares(target[i]); }, norm);
        Kokkos::single(Kokkos::PerTeam(team),
                       [&] { errors(s, 0) = Kokkos::sqrt(norm > 0 ? error / norm : error); });
      });
}

template <class R>
Tensor<R, 0> image_relative_l2(Tape& tape, const Tensor<Complex<R>, 4>& p, const Tensor<Complex<R>, 4>& t,
                               size_t slices) {
  const auto sum = tape.saved<R, 0>({});
  const auto errors = tape.saved<double, 2>({slices, 1});
  relative_errors<R>(tape.space(), p, t, errors);
  sum_rows<R>(tape.space(), errors, 0, 1, sum);
  return sum;
}

template <class R>
std::vector<Var<R, 0>> image_losses(Tape& tape, ImageLoss loss, const Var<Complex<R>, 4>& prediction,
                                    const Tensor<Complex<R>, 4>& target, size_t slices) {
  std::vector<Var<R, 0>> terms{mean_error<R>(tape, prediction, target, slices, loss == ImageLoss::l2)};
  if (loss == ImageLoss::ssim_l1)
    terms.push_back(structural_dissimilarity<R>(tape, prediction, target, slices, R(ssim_weight)));
  return terms;
}

#define DANAUS_INSTANTIATE(R)                                                                              \
  template void sum_rows<R>(const Exec&, const Tensor<double, 2>&, double, double, const Tensor<R, 0>&);   \
  template Var<R, 0> mean_error<R>(Tape&, const Var<Complex<R>, 4>&, const Tensor<Complex<R>, 4>&, size_t, \
                                   bool, R);                                                               \
  template Tensor<R, 0> image_relative_l2<R>(Tape&, const Tensor<Complex<R>, 4>&,                          \
                                             const Tensor<Complex<R>, 4>&, size_t);                        \
  template std::vector<Var<R, 0>> image_losses<R>(Tape&, ImageLoss, const Var<Complex<R>, 4>&,             \
                                                  const Tensor<Complex<R>, 4>&, size_t);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
