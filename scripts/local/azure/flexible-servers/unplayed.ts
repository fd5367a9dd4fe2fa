import type { ArmRequest } from '../arm/arm';
import { ArmError, objectAt, textAt } from '../arm/arm';

/**
 * What the service does and this stand-in does not. It is refused: who asked for it and was answered as if it were done
 * would rehearse another server than the one to come.
 *
 * @throws ArmError 501
 */
export function refuseUnplayed({ body }: ArmRequest): void {
  const properties = objectAt(body, 'properties');
  const words: readonly (readonly [word: string, played: readonly string[], unplayed: string])[] = [
    [textAt(properties, 'createMode'), ['Default', 'Create', 'Update'], 'makes no flexible server by'],
    [textAt(objectAt(body, 'identity'), 'type'), ['None'], 'gives a flexible server no identity, as'],
    [
      textAt(objectAt(properties, 'dataEncryption'), 'type'),
      ['SystemManaged'],
      'encrypts no flexible server with a key of its owner, as',
    ],
    [textAt(objectAt(properties, 'replica'), 'promoteMode'), [], 'promotes no replica, as'],
    [textAt(objectAt(properties, 'storage'), 'type'), ['Premium_LRS'], 'has no storage of the type'],
  ];
  for (const [word, played, unplayed] of words) {
    if (word === '' || played.includes(word)) continue;
    throw new ArmError(501, 'NotImplementedByStandIn', `the Azure stand-in ${unplayed} ${word}`);
  }
}
