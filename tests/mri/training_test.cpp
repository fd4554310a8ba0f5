// Losses, scales, augmentation, and training runs of reconstruction models.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/synthetic_scan.hpp>
#include <danaus/mri/models/scaling.hpp>
#include <danaus/mri/training/reconstruction_task.hpp>
#include <danaus/mri/training/self_fit.hpp>
#include <danaus/train/loop.hpp>

#include "scans.hpp"

#include <support/catch.hpp>
#include <train/temporary_folder.hpp>

#include <csignal>

using namespace danaus;
using namespace danaus::mri;

namespace {

constexpr double bound = 1e-7;

template <class Loss>
void check_loss(const Loss& loss) {
  ParameterStore<double> none;
  none.freeze();
  const auto p = test::normal<Complex<double>, 4>({4, 9, 8, 1}, 1);
  const auto report = check_gradients(none, loss, p);
  INFO(report.details);
  CHECK(report.worst < bound);
}

void write_scan(const std::filesystem::path& path, std::uint64_t seed) {
  SyntheticScanOptions o;
  o.rows = 24, o.columns = 20, o.padded_rows = 32, o.padded_columns = 24;
  o.slices = 4, o.coils = 3, o.calibration = 8, o.seed = seed;
  io::FileHeader header;
  header.format = "danaus-mri-raw", header.format_version = 1, header.created_by = "danaus test";
  write_synthetic_scan(path, header, o);
}

struct Run {
  ReconstructionTaskOptions task;
  train::LoopOptions loop;
  LearnedModelConfig config;
  Exec space;
};

Run run_for(const std::string& model, const std::filesystem::path& folder, int raise_at = -1) {
  Run run;
  run.task.undersampling.accelerations = {2, 3};
  run.task.undersampling.fresh = true;
  auto calls = std::make_shared<int>(0);
  run.task.undersampling.mask = [=](const Scan& scan, double r, std::optional<std::uint64_t> fresh) {
    if (++*calls == raise_at) std::raise(SIGINT);
    const auto& d = scan.description();
    return fit_mask(
        make_mask({"poisson", d.acquired_rows, d.acquired_columns, r, 6, false, fresh.value_or(99)}), d,
        "mask");
  };
  run.task.augment = true;
  run.task.metrics = MetricsProfile::meddlr_slice;
  run.loop.epochs = 2;
  run.loop.batch = 3;
  run.loop.schedule.base_rate = 2e-3;
  run.loop.run = folder.string();
  run.loop.progress = ProgressMode::none;
  run.loop.optimizer.clip = 1;
  run.loop.optimizer.ema = 0.9;
  run.config.model = model;
  run.config.rows = 32, run.config.columns = 24, run.config.acquired_rows = 24,
  run.config.acquired_columns = 20;
  run.config.echoes = 2, run.config.iterations = 2, run.config.patch = 8, run.config.channels = 8;
  return run;
}

train::TrainResult train_run(const Run& run, const ScanSet& training, const ScanSet* validation) {
  const auto model = create_learned_model(run.config, 0);
  ReconstructionTask task(run.space, *model, run.config, training, validation, run.task);
  return train::run_training<float>(run.space, task, run.loop);
}

std::vector<double> numbers_of(const std::filesystem::path& file) {
  const io::Hdf5Reader reader(file);
  std::vector<double> all;
  for (const auto& name : reader.all_datasets()) {
    if (name.starts_with("/training")) continue;  // times
    if (io::is_complex(reader.type(name)))
      for (const auto& z : reader.read<Complex<double>>(name))
        all.push_back(z.real()), all.push_back(z.imag());
    else
      for (double x : reader.read<double>(name)) all.push_back(x);
  }
  return all;
}

}  // namespace

TEST_CASE("image losses: gradients", "[training]") {
  const auto t = test::normal<Complex<double>, 4>({4, 9, 8, 1}, 2);
  using Image = Var<Complex<double>, 4>;
  check_loss([&](Tape& tape, const Image& p) { return mean_error<double>(tape, p, t, 2, false); });
  check_loss([&](Tape& tape, const Image& p) { return mean_error<double>(tape, p, t, 2, true); });
  check_loss(
      [&](Tape& tape, const Image& p) { return structural_dissimilarity<double>(tape, p, t, 2, 0.7); });
}

TEST_CASE("image losses equal their definitions", "[training]") {
  const auto p = test::normal<Complex<double>, 4>({2, 9, 8, 1}, 1),
             t = test::normal<Complex<double>, 4>({2, 9, 8, 1}, 2);
  const auto hp = to_host(p), ht = to_host(t);
  Tape tape({}, Recording::off);
  const auto value = [&](const Var<double, 0>& loss) { return to_host(loss.value)(); };
  const auto x = Var<Complex<double>, 4>::constant(p);
  double l1 = 0, l2 = 0, expected = 0;
  for (size_t i = 0; i < hp.size(); ++i) {
    const double d = Kokkos::abs(hp.data()[i] - ht.data()[i]);
    l1 += d / 144, l2 += d * d / 144;
  }
  // One slice of two echoes.
  CHECK(value(mean_error<double>(tape, x, t, 1, false)) == Approx(l1).epsilon(1e-13));
  CHECK(value(mean_error<double>(tape, x, t, 1, true)) == Approx(l2).epsilon(1e-13));
  for (size_t b = 0; b < 2; ++b) {
    double range = 0, total = 0;
    for (size_t i = 0; i < 72; ++i) range = std::max(range, Kokkos::abs(ht.data()[b * 72 + i]));
    const double c1 = std::pow(.01 * range, 2), c2 = std::pow(.03 * range, 2);
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 2; ++k) {
        double mx = 0, my = 0, vx = 0, vy = 0, c = 0;
        for (int pass = 0; pass < 2; ++pass)
          for (size_t v = 0; v < 7; ++v)
            for (size_t h = 0; h < 7; ++h) {
              const double a = Kokkos::abs(hp(b, j + v, k + h, 0)), e = Kokkos::abs(ht(b, j + v, k + h, 0));
              if (pass == 0)
                mx += a / 49, my += e / 49;
              else
                vx += (a - mx) * (a - mx) / 49, vy += (e - my) * (e - my) / 49, c += (a - mx) * (e - my) / 49;
            }
        total += (2 * mx * my + c1) * (2 * c + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      }
    expected += 0.5 * (1 - total / 6);
  }
  CHECK(value(structural_dissimilarity<double>(tape, x, t, 1, 1.0)) == Approx(expected).epsilon(1e-12));
  CHECK(value(structural_dissimilarity<double>(tape, Var<Complex<double>, 4>::constant(t), t, 1, 1.0)) ==
        Approx(0).margin(1e-13));
  CHECK_THROWS_WITH(parse_image_loss("ssim"), Catch::Contains("ssim-l1"));
}

TEST_CASE("scales follow their conventions", "[training]") {
  std::vector<Complex<float>> image;
  for (int i = 0; i <= 100; ++i) image.emplace_back(0, float(i));
  CHECK(image_scale("p95", image.data(), image.size()) == Approx(95));
  CHECK(image_scale("max", image.data(), image.size()) == Approx(100));
  CHECK(image_scale("std", image.data(), image.size()) == Approx(std::sqrt((101 * 101 - 1) / 12.0)));
  CHECK(image_scale("none", image.data(), image.size()) == 1);
  CHECK_THROWS_WITH(image_scale("p59", image.data(), image.size()), Catch::Contains("p95"));
}

TEST_CASE("an augmented slice is one that could have been scanned", "[training]") {
  const size_t rows = 16, columns = 12, coils = 3;
  const auto maps = test::smooth_maps<float>(rows, columns, coils);
  const auto x = test::normal<Complex<float>, 4>({2, rows, columns, 1}, 1);
  HostTensor<float, 3> all("all", 1, rows, columns);
  fill(all, 1.f);
  const auto scan = [&](const auto& sensitivities, const auto& image) {
    const SenseOperator<float> a(Exec{}, 2, sensitivities, to_device<float, 3>(all));
    const auto y = zeros<Complex<float>, 4>("y", {2, rows, columns, coils});
    a.forward(Exec{}, image, y);
    Kokkos::fence();
    return to_host(y);
  };
  TrainingSlice slice{HostTensor<Complex<float>, 4>("kspace", 2, rows, columns, coils),
                      HostTensor<Complex<float>, 4>("maps", rows, columns, coils, 1),
                      HostTensor<Complex<float>, 3>("target", 2, rows, columns)};
  copy(slice.kspace, scan(maps, x));
  const auto host_maps = to_host(maps);
  const auto host_x = to_host(x);
  std::copy(host_maps.data(), host_maps.data() + host_maps.size(), slice.maps.data());
  std::copy(host_x.data(), host_x.data() + host_x.size(), slice.target.data());

  const auto other = augmented(slice, {true, true, 3, -2, 0.7});
  const HostTensor<const Complex<float>, 5> other_maps(other.maps.data(), 1, rows, columns, coils, 1);
  const HostTensor<const Complex<float>, 4> other_x(other.target.data(), 2, rows, columns, 1);
  const auto expected = scan(to_device<Complex<float>, 5>(other_maps), to_device<Complex<float>, 4>(other_x));
  // Transforms of 16 x 12 points in float.
  CHECK(test::max_difference(other.kspace, expected) <=
        16 * test::epsilon<float>() * test::max_abs(expected));
  CHECK(test::max_difference(other.target, slice.target) > 0.5);
  // Nothing drawn, nothing changed.
  CHECK(test::max_difference(augmented(slice, {}).kspace, slice.kspace) == 0);
}

TEST_CASE("a reconstruction is trained without validation scans", "[training]") {
  test::TemporaryFolder folder;
  write_scan(folder.file("scan.h5"), 0);
  const ScanSet training({folder.file("scan.h5")});
  const auto result = train_run(run_for("msense", folder.file("alone")), training, nullptr);
  CHECK(result.model == "msense");
  CHECK(std::filesystem::exists(folder.file("alone/last.h5")));
}

TEST_CASE("training a reconstruction: improves, resumes and repeats bit for bit", "[training]") {
  const std::string model = GENERATE("msense", "unrolled");
  test::TemporaryFolder folder;
  for (std::uint64_t s = 0; s < 3; ++s) write_scan(folder.file("scan" + std::to_string(s) + ".h5"), s);
  const ScanSet training({folder.file("scan0.h5"), folder.file("scan1.h5")}),
      validation({folder.file("scan2.h5")});
  const auto whole = run_for(model, folder.file("whole"));
  const auto result = train_run(whole, training, &validation);
  const auto expected = numbers_of(folder.file("whole/last.h5"));
  CHECK(result.model == model);
  CHECK(result.score("psnr") > 15);
  CHECK(result.score("ssim") > 0);
  CHECK(result.score("validation_relative_l2") < 1);

  // Masks are drawn in the middle of epochs.
  for (int n : {2, 7, 9}) {
    const auto part = folder.file("part" + std::to_string(n));
    CHECK_THROWS_AS(train_run(run_for(model, part, n), training, &validation), InterruptedError);
    auto rest = run_for(model, part);
    rest.loop.existing = train::ExistingRun::resume;
    CHECK(train_run(rest, training, &validation).score("psnr") == result.score("psnr"));
    CHECK(numbers_of(part / "last.h5") == expected);
    CHECK(numbers_of(part / "best.h5") == numbers_of(folder.file("whole/best.h5")));
  }
#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
  auto one = run_for(model, folder.file("one"));
  one.space = Kokkos::OpenMP(1);
  train_run(one, training, &validation);
  CHECK(numbers_of(folder.file("one/last.h5")) == expected);
#endif

  // The checkpoint alone builds the model again.
  LearnedReconstruction trained(folder.file("whole/last.h5"));
  CHECK(trained.name() == model);
  const auto slice = validation.read({0, 1});
  const auto mask = whole.task.undersampling.mask(validation.scan(0), 2, std::nullopt);
  const auto image = trained.reconstruct(Exec{}, slice.kspace, slice.maps, mask);
  CHECK(image.extent(0) == 2);
  auto other = validation.description();
  other.rows = 48;
  CHECK_THROWS_WITH(trained.require_fitting(other, 1), Catch::Contains("32x24") && Catch::Contains("48x24"));
  // Twice the samples are twice the image.
  for (size_t i = 0; i < slice.kspace.size(); ++i) slice.kspace.data()[i] *= 2;
  const auto twice = trained.reconstruct(Exec{}, slice.kspace, slice.maps, mask);
  for (size_t i = 0; i < image.size(); ++i) image.data()[i] *= 2;
  CHECK(test::max_difference(twice, image) <= 64 * test::epsilon<float>() * test::max_abs(image));
}

TEST_CASE("scans of another kind are refused by name", "[training]") {
  test::TemporaryFolder folder;
  write_scan(folder.file("a.h5"), 0);
  SyntheticScanOptions o;
  o.rows = 24, o.columns = 16, o.padded_rows = 32, o.padded_columns = 20, o.slices = 2, o.coils = 2,
  o.calibration = 6;
  io::FileHeader header;
  header.format = "danaus-mri-raw", header.format_version = 1, header.created_by = "danaus test";
  write_synthetic_scan(folder.file("b.h5"), header, o);
  CHECK_THROWS_WITH(ScanSet({folder.file("a.h5"), folder.file("b.h5")}),
                    Catch::Contains("b.h5") && Catch::Contains("32x24") && Catch::Contains("32x20"));
}

TEST_CASE("samples are split in three: seen, compared and held out", "[training]") {
  const Mask mask = make_mask({"poisson", 96, 64, 3, 12});
  SelfFitOptions o;
  const auto a = split_mask(mask, o, 2, 0), b = split_mask(mask, o, 2, 1), c = split_mask(mask, o, 3, 0);
  for (size_t p = 0; p < mask.size(); ++p)
    REQUIRE(a.seen.samples[p] + a.compared.samples[p] + a.held_out.samples[p] == mask.samples[p]);
  CHECK(a.held_out.samples == b.held_out.samples);
  CHECK(a.compared.samples != b.compared.samples);
  CHECK(a.held_out.samples != c.held_out.samples);
  CHECK(a.seen(48, 32) == 1);
  // Of n points a share s: deviation sqrt(n s (1 - s)), five of them; the centre is seen always.
  const double n = double(mask.count()) - 64;
  CHECK(std::abs(double(a.held_out.count()) - .1 * n) <= 5 * std::sqrt(n * .09));
  CHECK(std::abs(double(a.compared.count()) - .36 * n) <= 5 * std::sqrt(n * .36 * .64));
}

TEST_CASE("a network fitted to the scan itself beats the zero-filled image, and repeats", "[training]") {
  test::TemporaryFolder folder;
  write_scan(folder.file("scan.h5"), 1);
  const std::shared_ptr<const Scan> scan = open_scan(folder.file("scan.h5"));
  const MapSource maps(scan);
  const auto& d = scan->description();
  const Mask mask = fit_mask(make_mask({"poisson", d.acquired_rows, d.acquired_columns, 2, 6}), d, "mask");
  SelfFitOptions o;
  o.steps = 24, o.check_every = 8;
  const auto fit = fit_to_scan(Exec{}, *scan, maps, mask, o);
  CHECK(fit.steps == 24);
  REQUIRE(fit.checks.size() == 3);
  CHECK(fit.checks.back() < 1);
  const auto target = scan->read_target(1);
  const auto error = [&](const HostTensor<Complex<float>, 4>& image) {
    double sum = 0;
    for (size_t i = 0; i < target.size(); ++i)
      sum += std::pow(Kokkos::abs(image.data()[i] - target.data()[i]), 2);
    return std::sqrt(sum);
  };
  const auto kspace = scan->read_kspace(1);
  const auto image = fit.model->reconstruct(Exec{}, kspace, maps.read(1), mask);
  const auto zero_filled =
      reconstruct_slice(Exec{}, find_method("zero-filled"), {}, kspace, maps.read(1), mask);
  CHECK(error(image) < 0.7 * error(zero_filled));
  const auto again = fit_to_scan(Exec{}, *scan, maps, mask, o);
  CHECK(again.checks == fit.checks);
}
