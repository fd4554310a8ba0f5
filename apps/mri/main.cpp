#include "verbs.hpp"

#include <common/program.hpp>

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

int main(int argc, char** argv) {
  using namespace danaus::app;
#ifdef __GLIBC__
  // Each slice takes and frees arrays of a few MiB. Given back to the system, they would be cleared and
  // mapped anew for the next: half of the time of a zero-filled reconstruction.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
  const Program program{
      "danaus-mri",
      "reconstruct undersampled multi-coil magnetic resonance scans",
      {generate_verb(), mask_verb(), coils_verb(), train_verb(), reconstruct_verb(), eval_verb(), info_verb(),
       check_verb()},
      "raw data of SKM-TEA, fastMRI, ISMRMRD and BART (cfl) are read as they are, recognised by content\n\n"
      "first steps:\n"
      "  danaus-mri generate --subjects 2 --validation 1 --test 1 --out data/knees\n"
      "  danaus-mri reconstruct --data data/knees/test/subject_000.h5 --acceleration 4 --method l1-wavelet "
      "--out knee.png\n"
      "  danaus-mri eval --data data/knees/test --acceleration 2,4 --method "
      "zero-filled,cg-sense,l1-wavelet,tv "
      "--report report.html\n"
      "  danaus-mri train --data data/knees --model msense --epochs 10 --out runs/msense\n"};
  return run_program(program, argc, argv);
}
