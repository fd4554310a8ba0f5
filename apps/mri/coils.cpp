#include "arguments.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/io/hdf5_writer.hpp>
#include <danaus/mri/operators/espirit.hpp>
#include <danaus/train/signals.hpp>

namespace danaus::app {
namespace {

Outcome run_coils(const Options& options) {
  mri::EspiritOptions how;
  how.calibration = options.size("calibration"), how.kernel = options.size("kernel");
  how.map_count = options.size("map-count");
  how.singular_threshold = options.real("threshold"), how.crop = options.real("crop");
  const std::filesystem::path out = options.text("out");
  const bool dry = options.toggle("dry-run");
  if (!dry) require_new_output(options);
  const auto scan = mri::open_scan(options.text("data"));
  const auto& d = scan->description();
  Json json = {{"out", out.string()}, {"data", d.path}, {"method", "espirit"}};
  json["shapes"] = {{"/maps", {d.slices, d.rows, d.columns, d.coils, how.map_count}}};
  const Timer timer;
  if (dry) {
    mri::espirit(scan->read_kspace(d.slices / 2), how);
    json["parameters"] = nullptr;
    json["memory_bytes"] = mri::espirit_bytes(d.rows, d.columns, d.coils, how) +
                           2 * d.rows * d.columns * d.echoes * d.coils * sizeof(Complex<float>);
    json["seconds_estimate"] = timer.seconds() * double(d.slices);
    return {json, "about " + format_duration(json["seconds_estimate"].get<double>()) + "\n"};
  }
  const train::SignalGuard signals;
  Progress progress(
      options.toggle("quiet") ? ProgressMode::none : parse_progress_mode(options.text("progress")), "coils",
      double(d.slices), "slices");
  io::Hdf5Writer writer(out);
  writer.header({"danaus-mri-maps", 1, created_by(), command_line(), 0});
  writer.attribute("/", "source", std::filesystem::path(d.path).filename().string());
  writer.create<Complex<float>>("/maps", {d.slices, d.rows, d.columns, d.coils, how.map_count});
  writer.create<float>("/eigenvalues", {d.slices, d.rows, d.columns, how.map_count});
  for (size_t slice = 0; slice < d.slices; ++slice) {
    const auto result = mri::espirit(scan->read_kspace(slice), how);
    writer.write_rows("/maps", slice, 1, result.maps.data());
    writer.write_rows("/eigenvalues", slice, 1, result.eigenvalues.data());
    progress.update(double(slice + 1));
    if (signals.signal() && slice + 1 < d.slices)
      throw Error(ExitCode(128 + signals.signal()), "stopped by a signal");
  }
  writer.commit();
  progress.finish();
  json["seconds"] = timer.seconds();
  json["seconds_per_slice"] = timer.seconds() / double(d.slices);
  return {json, out.string() + ": /maps of " + std::to_string(d.slices) + " slices in " +
                    format_duration(timer.seconds()) + "\n"};
}

}  // namespace

Verb coils_verb() {
  Verb verb;
  verb.name = "coils";
  verb.summary = "estimates coil sensitivities from the centre of k-space";
  verb.options = {
      common_option("config"),
      path_option("data", "raw data").required(),
      choice_option("method", "espirit", {"espirit"}, "how"),
      integer_option("calibration", "24", 2, 256, "edge of the fully sampled centre square"),
      integer_option("kernel", "6", 2, 16, "edge of the k-space kernels"),
      integer_option("map-count", "1", 1, 8, "sets of maps; two for soft SENSE"),
      real_option("threshold", "0.03", 0, 1,
                  "kernels whose singular value is below this part of the largest are dropped"),
      real_option("crop", "0.8", 0, 1, "maps are zero where the eigenvalue is below"),
  };
  for (const char* name : {"out", "threads", "json", "quiet", "progress", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-mri coils --data scan.h5 --out maps.h5"};
  verb.run = run_coils;
  return verb;
}

}  // namespace danaus::app
