//! A model written as a file of any kind ([spec](crate::spec) §3); the browser writes compact files only.

use super::{Packed, file_config};
use crate::checkpoint::write::{Writer, safetensors};
use crate::checkpoint::{Data, Tensor, Value};
use half::bf16;
use std::borrow::Cow;
use std::io::{self, Write};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// float32 tensors in a torch file.
    Unpacked,
    /// Ternary codes at two bits a weight, all else bfloat16, in a torch file.
    Compact,
    /// bfloat16 tensors and a step, in a torch file.
    Step,
    /// float32 tensors in a safetensors file.
    Safetensors,
}

impl Packed {
    /// Writes the model under canonical names, a tensor at a time, and returns the length of the file. Unpacked and
    /// safetensors files load to the same model, bit for bit; the others round what is no ternary code to bfloat16.
    ///
    /// # Errors
    /// Those of `out`, and for a torch file that would be too large.
    pub fn write(self, kind: Kind, out: &mut dyn Write) -> io::Result<u64> {
        let packed = match kind {
            Kind::Compact | Kind::Step => self.rounded(),
            Kind::Unpacked | Kind::Safetensors => self,
        };
        let config = file_config::value(&packed.config);
        let named = |index: usize| {
            let role = packed.report.decisions[index].role.as_str();
            (role, packed.tensor_of(kind, index))
        };
        let tensors = (0..packed.report.decisions.len()).map(named);
        let writer = match kind {
            Kind::Safetensors => {
                let shapes: Vec<(&str, &[usize])> = (packed.report.decisions.iter().enumerate())
                    .map(|(index, decision)| (decision.role.as_str(), &*packed.tensor(index).shape))
                    .collect();
                return safetensors::write(out, &config, &shapes, |index| {
                    packed.tensor(index).to_f32()
                });
            }
            Kind::Compact => Writer::compact(&config, tensors),
            Kind::Unpacked => Writer::new(&[("config", &config)], "state_dict", tensors),
            Kind::Step => {
                let step = packed.report.step.and_then(|step| i64::try_from(step).ok());
                let step = Value::Int(step.unwrap_or(0));
                let values = [("step", &step), ("config", &config)];
                Writer::new(&values, "model_state_dict", tensors)
            }
        };
        const TOO_LARGE: &str = "A torch file holds at most 4 GiB and 65,535 entries.";
        let mut writer = writer.ok_or_else(|| io::Error::other(TOO_LARGE))?;
        while let Some(piece) = writer.piece(|index| packed.tensor_of(kind, index)) {
            out.write_all(&piece)?;
        }
        Ok(writer.file_len() as u64)
    }

    /// The tensor of a place as a file of this kind has it.
    fn tensor_of(&self, kind: Kind, index: usize) -> Cow<'_, Tensor> {
        let tensor = self.tensor(index);
        let values = || tensor.to_f32();
        let data = match kind {
            Kind::Compact => return Cow::Borrowed(tensor),
            Kind::Step => Data::Bf16(values().into_iter().map(bf16::from_f32).collect()),
            Kind::Unpacked | Kind::Safetensors => Data::F32(values()),
        };
        Cow::Owned(Tensor { shape: tensor.shape.clone(), data })
    }
}
