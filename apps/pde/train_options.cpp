#include "train_options.hpp"

#include "recipes.hpp"

#include <danaus/pde/models/model_table.hpp>

namespace danaus::app {

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : pde::model_table()) names.push_back(entry.name);
  return names;
}

std::vector<Option> train_options() {
  const std::string from_recipe = "from --recipe";
  const auto recipe = [&](Option option) { return option.note(from_recipe); };
  return {
      common_option("config"),
      path_option("data",
                  "data set: ours, a published FNO .mat file, PDEBench, or your own /u or /input, /output"),
      common_option("out"),
      choice_option("model", "fno", model_names(), "neural operator"),
      choice_option(
          "recipe", "tuned", recipe_names(),
          "defaults of activation, norm, increment, normalize, optimizer, lr, ... (each an option)"),

      // The model.
      integer_option("modes", "12", 1, 4096, "Fourier modes kept per axis and direction"),
      integer_option("width", "20", 1, 65536, "hidden channels"),
      integer_option("layers", "4", 1, 256, "operator layers"),
      integer_option("block", "", 1, 65536, "block size of learned transforms")
          .note("the divisor of n nearest to its root"),
      integer_option("groups", "1", 1, 65536,
                     "learned transforms per layer, each for width / groups channels"),
      toggle_option("shared", "false", "one set of learned transforms for all layers"),
      integer_option("padding", "0", 0, 65536, "points appended to each axis inside the model"),
      text_option("monarch-weights", "",
                  "linear weights that are Monarch matrices: PATTERN[:nblocks=N|:block=B],... such as "
                  "layer_*/weights:nblocks=4")
          .note("none: all are dense"),
      recipe(choice_option("activation", "", {"gelu", "relu"}, "activation function")),
      recipe(choice_option("norm", "", {"none", "batch"}, "normalisation after each layer")),
      recipe(toggle_option("increment", "", "predict the change of the last frame, not the frame")),
      recipe(toggle_option("normalize", "", "inputs and outputs to zero mean and unit variance per point")),

      // What is learned, from which samples.
      integer_option("history", "", 0, 4096, "input frames").note("10; 0 for static problems"),
      integer_option("steps", "", 1, 65536, "frames to predict").note("all that are left"),
      integer_option("train", "", 1, 1e9,
                     "training samples: the first of the file; the last V of them validate")
          .note("5/6 of the file"),
      integer_option("validation", "", 0, 1e9,
                     "validation samples: the last of the first --train, not trained on")
          .note("a tenth of --train"),
      integer_option("test", "", 1, 1e9, "test samples: the last of the file").note("1/6 of the file"),
      integer_option("resolution", "", 1, 65536, "points per axis: every k-th of the file's")
          .note("the file's"),
      text_option("axes", "", "axes of /u as the file's own tools list them, such as t,y,x,sample")
          .note("as documented; reversed in MATLAB files"),
      positive_option("memory-budget", "4", 1e6, "data sets larger than this are streamed from the disk")
          .in("GiB")
          .transient(),

      // How.
      integer_option("epochs", "500", 1, 1e7, "passes over the training samples"),
      recipe(integer_option("batch", "", 1, 65536, "samples per step")),
      recipe(positive_option("lr", "", 1000, "learning rate")),
      recipe(choice_option("optimizer", "", {"adam", "adamw"},
                           "adam adds decay to the gradient, adamw to the weights")),
      recipe(real_option("weight-decay", "", 0, 1, "weight decay; learned transforms have none")),
      recipe(real_option("transform-lr-factor", "", 0, 1000, "learning rate of learned transforms / --lr")),
      recipe(
          text_option("schedule", "",
                      "learning rate over time: constant, step[:EPOCHS:FACTOR] (a fifth of --epochs, 0.5), "
                      "cosine[:FLOOR] or one-cycle")),
      recipe(real_option("warm-up", "", 0, 1, "share of the epochs in which the learning rate rises")),
      recipe(text_option("unroll", "",
                         "predicted steps per update: steps:share of the epochs, comma-separated")),
      recipe(
          real_option("noise", "", 0, 1000, "noise added to inputs").in("standard deviations of the field")),
      recipe(
          real_option("clip", "", 0, 1e9, "largest norm of a gradient, learned transforms apart; 0: none")),
      recipe(real_option("ema", "", 0, 0.9999999, "decay of the running average of the weights; 0: none")),
      integer_option("validate-every", "1", 1, 1e7, "epochs from one validation to the next"),
      path_option("init-from", "checkpoint or run whose weights training starts from"),

      common_option("seed"),
      common_option("threads"),
      common_option("device"),
      common_option("json"),
      common_option("quiet"),
      common_option("progress"),
      common_option("dry-run"),
      common_option("resume"),
      common_option("overwrite"),
      common_option("help"),
  };
}

}  // namespace danaus::app
