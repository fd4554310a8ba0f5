#include "score.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_writer.hpp>
#include <danaus/pde/data/data_set_source.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

struct Prediction {
  size_t samples, steps, points_x, points_y, channels;
  io::Extents shape() const {
    io::Extents shape{samples, points_x, points_y, steps};
    if (channels > 1) shape.push_back(channels);
    return shape;
  }
};

void write_prediction(const Options& options, TrainedModel& trained, pde::DataSetSource& source,
                      const Prediction& p) {
  io::Hdf5Writer writer(options.text("out"));
  writer.header({"danaus-prediction", 1, created_by(), command_line(), 0});
  writer.attribute("/", "model", trained.config.model);
  writer.attribute("/", "checkpoint", trained.checkpoint);
  writer.attribute("/", "axes", std::string(p.channels > 1 ? "sample,x,y,step,channel" : "sample,x,y,step"));
  writer.create<float>("/u", p.shape());
  const size_t batch = options.size("batch"), points = p.points_x * p.points_y;
  std::vector<float> rows;
  for (size_t first = 0; first < p.samples; first += batch) {
    const size_t count = std::min(batch, p.samples - first);
    std::vector<size_t> samples(count);
    for (size_t b = 0; b < count; ++b) samples[b] = first + b;
    rows.assign(count * points * p.steps * p.channels, 0);
    roll_out(trained, source, samples, p.steps, [&](size_t step, const Tensor<float, 4>& frame) {
      const auto values = host_values(frame);
      for (size_t i = 0; i < count * points; ++i)
        for (size_t c = 0; c < p.channels; ++c)
          rows[(i * p.steps + step) * p.channels + c] = values[i * p.channels + c];
    });
    writer.write_rows("/u", first, count, rows.data());
  }
  writer.commit();
}

Outcome run_predict(const Options& options) {
  if (options.has("run") == options.has("checkpoint"))
    throw UsageError("--run, --checkpoint: expected one of them");
  const fs::path out = options.text("out");
  if (fs::exists(out) && !options.toggle("overwrite"))
    throw UsageError("--out " + out.string() + ": exists; --overwrite replaces it");

  pde::DataOptions how;
  how.axes = options.text("axes");
  if (options.has("resolution")) how.resolution = options.size("resolution");
  const auto data = std::make_shared<const pde::DataSet>(options.text("data"), how);
  const auto& d = data->description();
  auto trained = load_trained_model(options.has("run") ? options.text("run") : options.text("checkpoint"),
                                    options.text("which"), d.points_x, d.points_y);
  require_fitting_data(trained, d);
  data->require_frames(trained.history(), "history " + std::to_string(trained.history()));
  size_t steps = options.has("steps") ? options.size("steps") : 0;
  if (steps == 0) steps = d.is_static || d.frames == trained.history() ? 1 : d.frames - trained.history();
  if (d.is_static && steps != 1)
    throw UsageError("--steps " + std::to_string(steps) + ": the model is for a static problem; expected 1");

  std::vector<size_t> samples(d.samples);
  for (size_t s = 0; s < d.samples; ++s) samples[s] = s;
  pde::DataSetSource source(data, samples);
  const Prediction p{d.samples, steps, d.points_x, d.points_y, d.output_channels};
  write_prediction(options, trained, source, p);
  Json json = {{"out", out.string()}, {"model", trained.config.model}, {"shape", p.shape()}};
  return {json, out.string() + ": /u " + io::to_string(p.shape()) + "\n"};
}

}  // namespace

Verb predict_verb() {
  Verb verb;
  verb.name = "predict";
  verb.summary = "continues the first frames of every sample of a data set with a trained model";
  verb.options = {
      common_option("config"),
      path_option("run", "folder of a run"),
      path_option("checkpoint", "a checkpoint, instead of --run"),
      choice_option("which", "last", {"last", "best"}, "checkpoint of the run"),
      path_option("data", "data set whose first frames are continued").required(),
      integer_option("steps", "", 1, 65536, "frames to predict")
          .note("as many as the data have after the history"),
      integer_option("resolution", "", 1, 65536, "points per axis: every k-th of the file's")
          .note("the file's"),
      text_option("axes", "", "axes of /u as the file's own tools list them, such as t,y,x,sample")
          .note("as documented; reversed in MATLAB files"),
      integer_option("batch", "20", 1, 65536, "samples at a time"),
      common_option("out"),
      common_option("threads"),
      common_option("device"),
      common_option("json"),
      common_option("quiet"),
      common_option("overwrite"),
      common_option("help"),
  };
  verb.examples = {"danaus-pde predict --run runs/ns --data data/new.h5 --steps 40 --out predicted.h5"};
  verb.run = run_predict;
  return verb;
}

}  // namespace danaus::app
