# Made fastmri.h5 and skm_tea.h5 of this folder, with h5py as both projects write their files:
#
#     python3 make_h5py.py
#
# fastmri.h5: two slices, two coils, a readout of 16 oversampled twice; no reconstruction, as in the challenge's test
# files. The header's text has variable length. Sample (slice, coil, i, j) is (1 + slice + 2 coil + i) + i (j - i).
#
# skm_tea.h5: two slices of a plane of 12 x 10, of which 8 x 8 were acquired, two echoes and two coils; sample
# (x, y, z, echo, coil) is (1 + y + echo) + i (z - coil) inside and zero outside. Chunked, compressed, with checksums of
# data and, in the format of HDF5 1.10, of everything else.

import h5py
import numpy as np

HEADER = """<?xml version="1.0" encoding="utf-8"?>
<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">
 <experimentalConditions><H1resonanceFrequency_Hz>63646235</H1resonanceFrequency_Hz></experimentalConditions>
 <encoding>
  <encodedSpace><matrixSize><x>16</x><y>12</y><z>1</z></matrixSize>
   <fieldOfView_mm><x>64</x><y>48</y><z>4.5</z></fieldOfView_mm></encodedSpace>
  <reconSpace><matrixSize><x>8</x><y>8</y><z>1</z></matrixSize>
   <fieldOfView_mm><x>32</x><y>40</y><z>4.5</z></fieldOfView_mm></reconSpace>
  <trajectory>cartesian</trajectory>
 </encoding>
</ismrmrdHeader>
"""

s, c, i, j = np.meshgrid(np.arange(2), np.arange(2), np.arange(16), np.arange(10), indexing="ij")
with h5py.File("fastmri.h5", "w") as file:
    file["kspace"] = ((1 + s + 2 * c + i) + 1j * (j - i)).astype(np.complex64)
    file["mask"] = np.array([1, 0, 1, 0, 1, 1, 1, 0, 1, 0], np.float32)
    file["ismrmrd_header"] = HEADER
    file.attrs["acquisition"] = "CORPD_FBK"
    file.attrs["acceleration"] = 4
    file.attrs["num_low_frequency"] = 2
    file.attrs["patient_id"] = "0"

x, y, z, e, c = np.meshgrid(*map(np.arange, (2, 12, 10, 2, 2)), indexing="ij")
acquired = (abs(y - 5.5) < 4) & (abs(z - 4.5) < 4)
with h5py.File("skm_tea.h5", "w", libver=("v110", "v110")) as file:
    options = {"chunks": True, "compression": "gzip", "fletcher32": True}
    kspace = np.where(acquired, (1 + y + e) + 1j * (z - c), 0).astype(np.complex64)
    file.create_dataset("kspace", data=kspace, **options)
    file.create_dataset("maps", data=np.full((2, 12, 10, 2, 1), 0.5**0.5, np.complex64), **options)
    file.create_dataset("target", data=kspace[..., :1] / 12, **options)
    file["masks/poisson_2.0x"] = (np.add.outer(np.arange(8), np.arange(8)) % 2).astype(np.float32)
